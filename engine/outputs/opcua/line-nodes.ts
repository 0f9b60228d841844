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

/** Values are asked for at most this often per monitored item. */
const SAMPLING_MIN_ms = 1000
/** Lets other work run between cells while a line's nodes are made. */
const breathe = () => new Promise<void>(resolve => setImmediate(resolve))

type ParentOf = Opcua.UAObject | Opcua.UAVariable

/** Where a line's nodes go. */
export interface LineNodesContext {
  readonly opcua: OpcUaModule
  readonly namespace: Opcua.Namespace
  /** The folder "Lines". */
  readonly lines: Opcua.UAObject
  readonly view: () => LineView | undefined
  /** False once the server stops: the rest of the nodes is not made. */
  readonly wanted: () => boolean
}

/** Adds the read-only nodes of one line; node ids are their paths, e.g. "s=Lines/l1/Origin". */
export async function addLineNodes(context: LineNodesContext, view: LineView): Promise<void> {
  const { definition } = view
  const values = lineValues(context.opcua, context.view)
  const make = nodeMaker(context)
  const line = make.folder(context.lines, definition.line)
  for (const part of keysOf(lineParts)) {
    make.variable(line, part, lineParts[part], () => values.line(part))
  }
  addAlarms(make, line, values, undefined)
  const metrics = make.folder(line, 'AlarmMetrics')
  for (const part of keysOf(metricParts)) {
    make.variable(metrics, part, metricParts[part], () => values.metric(part))
  }
  const measured = make.folder(line, 'Measured')
  definition.tags.forEach((tag, tagIndex) => {
    if (tag.scope === 'line') addMeasured(make, measured, values, tag, tagIndex, 0)
  })
  const cells = make.folder(line, 'Cells')
  for (let cell = 0; cell < definition.cells.length; cell++) {
    if (!context.wanted()) return
    addCell(make, make.folder(cells, definition.cells[cell]!), view, values, cell)
    await breathe()
  }
}

const keysOf = <T extends object>(of: T) => Object.keys(of) as (keyof T)[]

function addCell(
  make: NodeMaker,
  folder: Opcua.UAObject,
  view: LineView,
  values: LineValues,
  cell: number,
): void {
  const estimated = make.folder(folder, 'Estimated')
  view.fields.forEach((field, index) => {
    const node = make.analog(estimated, field.name, field.unit, () =>
      values.estimate(index, cell, 'value'),
    )
    for (const part of ['StdDev', 'P05', 'P95'] as const) {
      make.variable(node, part, 'Double', () => values.estimate(index, cell, part))
    }
    make.variable(node, 'Quality', 'String', () => values.estimateQuality(index, cell))
  })
  const measured = make.folder(folder, 'Measured')
  view.definition.tags.forEach((tag, tagIndex) => {
    if (tag.scope === 'cell') addMeasured(make, measured, values, tag, tagIndex, cell)
  })
  const recommendation = make.folder(folder, 'Recommendation')
  for (const part of keysOf(recommendationParts)) {
    make.variable(recommendation, part, recommendationParts[part], () =>
      values.recommendation(cell, part),
    )
  }
  addAlarms(make, folder, values, cell)
}

function addMeasured(
  make: NodeMaker,
  folder: Opcua.UAObject,
  values: LineValues,
  tag: TagDefinition,
  tagIndex: number,
  cell: number,
): void {
  make.analog(folder, tag.tag, tag.unit, () => values.measured(tagIndex, cell))
}

function addAlarms(
  make: NodeMaker,
  parent: Opcua.UAObject,
  values: LineValues,
  cell: number | undefined,
): void {
  const alarms = make.folder(parent, 'Alarms')
  for (const part of keysOf(alarmParts)) {
    make.variable(alarms, part, alarmParts[part], () => values.alarms(cell, part))
  }
}

type NodeMaker = ReturnType<typeof nodeMaker>

function nodeMaker({ opcua, namespace }: LineNodesContext) {
  const idOf = (parent: ParentOf, name: string) => `s=${String(parent.nodeId.value)}/${name}`
  const readOnly = {
    accessLevel: 'CurrentRead',
    userAccessLevel: 'CurrentRead',
    minimumSamplingInterval: SAMPLING_MIN_ms,
  } as const

  const variable = (
    parent: ParentOf,
    name: string,
    dataType: string,
    read: () => Opcua.DataValue,
    typeDefinition = 'BaseDataVariableType',
  ): Opcua.UAVariable =>
    namespace.addVariable({
      ...readOnly,
      componentOf: parent,
      browseName: name,
      nodeId: idOf(parent, name),
      typeDefinition,
      dataType,
      value: { timestamped_get: read },
    })

  return {
    variable,
    folder: (parent: Opcua.UAObject, name: string): Opcua.UAObject =>
      namespace.addObject({
        organizedBy: parent,
        browseName: name,
        nodeId: idOf(parent, name),
        typeDefinition: 'FolderType',
      }),
    analog(
      parent: ParentOf,
      name: string,
      symbol: string,
      read: () => Opcua.DataValue,
    ): Opcua.UAVariable {
      const node = variable(parent, name, 'Double', read, 'AnalogUnitType')
      namespace.addVariable({
        ...readOnly,
        propertyOf: node,
        browseName: { namespaceIndex: 0, name: 'EngineeringUnits' },
        nodeId: idOf(node, 'EngineeringUnits'),
        dataType: 'EUInformation',
        value: {
          dataType: opcua.DataType.ExtensionObject,
          value: opcua.makeEUInformation(symbol, symbol, symbol),
        },
      })
      return node
    },
  }
}
