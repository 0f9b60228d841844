import type * as Opcua from 'node-opcua'
import type { NodePlan } from './node-plan.ts'
import type { OpcUaModule } from './values.ts'

/** Values are asked for at most this often per monitored item. */
const SAMPLING_MIN_ms = 1000
/** Nodes made in one go, about 4 ms of work; other work runs between. */
const SLICE_NODES = 32
/** A longer path names nothing; a client may send any. */
const PATH_CHARS_MAX = 512
const breathe = () => new Promise<void>(resolve => setImmediate(resolve))

/** A node of a tree with what may still be made below it. */
interface Made {
  readonly node: Opcua.UAObject | Opcua.UAVariable
  readonly plan: NodePlan
}

/** Nodes that are made when a client browses to them or names them. */
export interface NodeTree {
  /** Adds a plan below the tree's folder, as one node to begin with. */
  add(name: string, plan: NodePlan): void
  /** Nodes made so far. */
  made(): number
}

/** What a tree hangs in. */
export interface NodeTreeOptions {
  readonly opcua: OpcUaModule
  /** The folder the tree hangs below; node ids are paths from it, e.g. "s=Lines/l1/Origin". */
  readonly root: Opcua.UAObject
  /** Whether a node at this path may be made; asked once for each. */
  readonly mayMake: (path: string) => boolean
  /** False once the server stops: the rest of the nodes is not made. */
  readonly wanted: () => boolean
}

/**
 * A tree whose nodes cost nothing until somebody looks: a browse makes the children of one node,
 * in slices; reading, monitoring or naming a node makes it and what lies above it.
 */
export function nodeTree(options: NodeTreeOptions): NodeTree {
  const { root, mayMake, wanted } = options
  const namespace = root.namespace as Opcua.Namespace
  const rootPath = String(root.nodeId.value)
  const make = nodeMaker(options.opcua, namespace)
  const made = new Map<string, Made>()
  const known = namespace.findNode2.bind(namespace)
  let making = false

  const below = (parent: Opcua.UAObject | Opcua.UAVariable, path: string, plan: NodePlan): Made => {
    making = true
    try {
      const one = { node: make(parent, path, plan), plan }
      made.set(path, one)
      if (plan.names.length > 0) one.node.onFirstBrowseAction = expander(one, path)
      return one
    } finally {
      making = false
    }
  }

  /** The node at the path, made now if the plan has it and there is room. */
  const reach = (path: string): Made | undefined => {
    const found = made.get(path)
    if (found) return found
    const slash = path.lastIndexOf('/')
    if (slash <= rootPath.length || !wanted()) return undefined
    const parent = reach(path.slice(0, slash))
    const plan = parent?.plan.child(path.slice(slash + 1))
    if (!parent || !plan || !mayMake(path)) return undefined
    return below(parent.node, path, plan)
  }

  /** Makes all children of a node; browsing it twice at once makes them once. */
  const expander = ({ plan }: Made, path: string) => {
    let running: Promise<void> | undefined
    const run = async () => {
      let slice = 0
      for (const name of plan.names) {
        if (!wanted()) return
        if (made.has(`${path}/${name}`)) continue
        if (!reach(`${path}/${name}`)) return
        if (++slice % SLICE_NODES === 0) await breathe()
      }
    }
    return () => {
      running ??= run()
      return running
    }
  }

  const inTree = (path: string) => path.length <= PATH_CHARS_MAX && path.startsWith(`${rootPath}/`)
  // The library asks here for every node a client names; what is not made yet is made now.
  namespace.findNode2 = nodeId => {
    const found = known(nodeId)
    if (found || making || typeof nodeId.value !== 'string' || !inTree(nodeId.value)) return found
    return reach(nodeId.value)?.node ?? null
  }
  reachBrowsePaths(root, path => {
    if (inTree(path)) reach(path)
  })
  return {
    made: () => made.size,
    add: (name, plan) => {
      const path = `${rootPath}/${name}`
      if (!made.has(path)) below(root, path, plan)
    },
  }
}

/** Browse paths are followed by name: what they lead to has to be made before. */
function reachBrowsePaths(root: Opcua.UAObject, reach: (path: string) => void): void {
  const space = root.addressSpace
  const rootName = root.browseName.name
  const follow = space.browsePath.bind(space)
  space.browsePath = browsePath => {
    const { value, namespace } = browsePath.startingNode
    const own = namespace === root.nodeId.namespace && typeof value === 'string'
    const names = (browsePath.relativePath.elements ?? []).map(({ targetName }) => targetName.name)
    const whole = [...(own ? String(value).split('/') : []), ...names]
    const first = whole.indexOf(rootName)
    if (first >= 0) reach(whole.slice(first).join('/'))
    return follow(browsePath)
  }
}

/** Makes single nodes in the library's address space; all are read-only. */
function nodeMaker(opcua: OpcUaModule, namespace: Opcua.Namespace) {
  const readOnly = {
    accessLevel: 'CurrentRead',
    userAccessLevel: 'CurrentRead',
    minimumSamplingInterval: SAMPLING_MIN_ms,
  } as const
  return (
    parent: Opcua.UAObject | Opcua.UAVariable,
    path: string,
    plan: NodePlan,
  ): Opcua.UAObject | Opcua.UAVariable => {
    const nodeId = `s=${path}`
    const browseName = path.slice(path.lastIndexOf('/') + 1)
    if (plan.is === 'folder') {
      const organizedBy = parent as Opcua.UAObject
      return namespace.addObject({ organizedBy, browseName, nodeId, typeDefinition: 'FolderType' })
    }
    if (plan.is === 'units') {
      const symbol = plan.unit!
      return namespace.addVariable({
        ...readOnly,
        propertyOf: parent,
        browseName: { namespaceIndex: 0, name: browseName },
        nodeId,
        dataType: 'EUInformation',
        value: {
          dataType: opcua.DataType.ExtensionObject,
          value: opcua.makeEUInformation(symbol, symbol, symbol),
        },
      })
    }
    return namespace.addVariable({
      ...readOnly,
      componentOf: parent,
      browseName,
      nodeId,
      typeDefinition: plan.is === 'analog' ? 'AnalogUnitType' : 'BaseDataVariableType',
      dataType: plan.dataType!,
      value: { timestamped_get: plan.read! },
    })
  }
}
