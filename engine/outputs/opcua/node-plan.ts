import type * as Opcua from 'node-opcua'
import type { LineView, TagDefinition } from '../../flow.ts'
import {
  alarmParts,
  type LineValues,
  lineParts,
  lineValues,
  metricParts,
  type OpcUaModule,
  recommendationParts,
} from './values.ts'

/** A node that is described but not yet made; its children are looked up by name. */
export interface NodePlan {
  readonly is: 'folder' | 'variable' | 'analog' | 'units'
  /** OPC UA type of the value, where there is one. */
  readonly dataType?: string
  /** Unit symbol, for `units`. */
  readonly unit?: string
  readonly read?: () => Opcua.DataValue
  /** Children in the order they are browsed. */
  readonly names: readonly string[]
  child(name: string): NodePlan | undefined
}

const NO_NAMES: readonly string[] = []
const leaf = { names: NO_NAMES, child: () => undefined }

function folder(names: readonly string[], child: NodePlan['child']): NodePlan {
  return { is: 'folder', names, child }
}

const variable = (dataType: string, read: () => Opcua.DataValue): NodePlan => ({
  is: 'variable',
  dataType,
  read,
  ...leaf,
})

/** A folder with one variable for each part. */
function partsFolder<P extends string>(
  parts: Readonly<Record<P, string>>,
  read: (part: P) => Opcua.DataValue,
): NodePlan {
  return folder(Object.keys(parts), name =>
    name in parts ? variable(parts[name as P], () => read(name as P)) : undefined,
  )
}

/** A number with a unit, and what else hangs below it. */
function analog(
  unit: string,
  read: () => Opcua.DataValue,
  below: Pick<NodePlan, 'names' | 'child'> = leaf,
): NodePlan {
  return {
    is: 'analog',
    dataType: 'Double',
    read,
    names: ['EngineeringUnits', ...below.names],
    child: name =>
      name === 'EngineeringUnits' ? { is: 'units', unit, ...leaf } : below.child(name),
  }
}

/** All nodes of a line as a plan; nothing in it costs memory per cell. */
export function linePlan(
  opcua: OpcUaModule,
  view: LineView,
  current: () => LineView | undefined,
): NodePlan {
  const { definition } = view
  const values = lineValues(opcua, current)
  const own = Object.keys(lineParts)
  const cellNumbers = new Map(definition.cells.map((name, cell) => [name, cell]))
  const cells = folder(definition.cells, name => {
    const cell = cellNumbers.get(name)
    return cell === undefined ? undefined : cellPlan(view, values, cell)
  })
  const folders: Readonly<Record<string, NodePlan>> = {
    Alarms: partsFolder(alarmParts, part => values.alarms(undefined, part)),
    AlarmMetrics: partsFolder(metricParts, part => values.metric(part)),
    Measured: measuredPlan(definition.tags, 'line', (tag, cell) => values.measured(tag, cell), 0),
    Cells: cells,
  }
  return folder([...own, ...Object.keys(folders)], name => {
    if (!own.includes(name)) return folders[name]
    const part = name as keyof typeof lineParts
    return variable(lineParts[part], () => values.line(part))
  })
}

function measuredPlan(
  tags: readonly TagDefinition[],
  scope: TagDefinition['scope'],
  read: LineValues['measured'],
  cell: number,
): NodePlan {
  const names = tags.filter(tag => tag.scope === scope).map(tag => tag.tag)
  return folder(names, name => {
    const index = tags.findIndex(tag => tag.tag === name && tag.scope === scope)
    return index < 0 ? undefined : analog(tags[index]!.unit, () => read(index, cell))
  })
}

const CELL_FOLDERS = ['Estimated', 'Measured', 'Recommendation', 'Alarms'] as const
const ESTIMATE_PARTS = ['StdDev', 'P05', 'P95'] as const
const ESTIMATE_NAMES = [...ESTIMATE_PARTS, 'Quality']

/** The nodes of one cell as a plan. */
export function cellPlan(view: LineView, values: LineValues, cell: number): NodePlan {
  return folder(CELL_FOLDERS, name => {
    switch (name) {
      case 'Estimated':
        return estimatedPlan(view, values, cell)
      case 'Measured':
        return measuredPlan(view.definition.tags, 'cell', values.measured, cell)
      case 'Recommendation':
        return partsFolder(recommendationParts, part => values.recommendation(cell, part))
      case 'Alarms':
        return partsFolder(alarmParts, part => values.alarms(cell, part))
      default:
        return undefined
    }
  })
}

function estimatedPlan({ fields }: LineView, values: LineValues, cell: number): NodePlan {
  const names = fields.map(field => field.name)
  return folder(names, name => {
    const index = names.indexOf(name)
    if (index < 0) return undefined
    const read = () => values.estimate(index, cell, 'value')
    return analog(fields[index]!.unit, read, {
      names: ESTIMATE_NAMES,
      child(below) {
        if (below === 'Quality') {
          return variable('String', () => values.estimateQuality(index, cell))
        }
        const part = ESTIMATE_PARTS.find(known => known === below)
        return part && variable('Double', () => values.estimate(index, cell, part))
      },
    })
  })
}

/** Nodes of a plan with all that is below it. */
export function nodesOf(plan: NodePlan): number {
  let nodes = 1
  for (const name of plan.names) nodes += nodesOf(plan.child(name)!)
  return nodes
}
