import type { LineView } from '../flow.ts'
import type { SensorFault } from './websocket/protocol.ts'

/** The unhealthy sensors of a line by name. */
export function sensorFaults(view: LineView): readonly SensorFault[] {
  const { cells, tags } = view.definition
  const faults: SensorFault[] = []
  for (const [index, reason] of view.sensorFaults()) {
    const tag = tags[Math.floor(index / cells.length)]
    if (tag === undefined || reason === '') continue
    const cell = tag.scope === 'line' ? '' : (cells[index % cells.length] ?? '')
    faults.push({ tag: tag.tag, cell, reason })
  }
  return faults
}
