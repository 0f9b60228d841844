import type { LineInfo } from '#engine/outputs/websocket/protocol.ts'
import { digitsFor, formatElapsed, formatNumber, formatUnit, words } from './format.ts'
import type { LineState } from './store.ts'
import { useMeasured } from './use-polled.ts'

/** Healthy anode currents are shown as a picture inside the cell, not as a list. */
const ANODE_CURRENT = 'anode_current_'

/** What was measured or sampled, and how long ago; commands and events are left out. */
export function CellReadings({ line, cell }: { line: LineState; cell: number }) {
  const { info } = line
  const measured = useMeasured(info.line, info.cells[cell] ?? '')
  const isChannel = (tag: string) => info.channels.some(channel => channel.tag === tag)
  const tags = new Map(info.tags.map(tag => [tag.tag, tag]))
  const rows = measured.filter(
    each =>
      !(info.kind !== 'potline' && isChannel(each.tag)) &&
      tags.get(each.tag)?.kind !== 'event' &&
      !(each.tag.startsWith(ANODE_CURRENT) && each.fault === '') &&
      (each.value !== null || each.fault !== ''),
  )
  if (rows.length === 0) return null
  return (
    <section className="panel live" aria-label="Readings and samples">
      <div className="panel-head">
        <h2>Readings and samples</h2>
      </div>
      <table className="strip readings">
        <thead>
          <tr>
            <th scope="col">Tag</th>
            <th scope="col" className="number">
              Value
            </th>
            <th scope="col" className="number">
              Age
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map(row => (
            <tr key={row.tag}>
              <th scope="row">{words(row.tag)}</th>
              <td className="number">
                {formatNumber(row.value, digitsOf(info, row.tag))}{' '}
                {row.value === null ? '' : formatUnit(row.unit)}
              </td>
              <td className="number soft">{row.fault === '' ? ageText(row.age_ms) : row.fault}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}

const NOW_MS = 2500

function ageText(age_ms: number | null): string {
  if (age_ms === null) return ''
  return age_ms < NOW_MS ? 'now' : formatElapsed(age_ms)
}

/** One or two decimals: those of the channel, else by the range of the tag. */
function digitsOf(info: LineInfo, tag: string): number {
  const channel = info.channels.find(each => each.tag === tag)
  if (channel) return channel.display.digits
  const definition = info.tags.find(each => each.tag === tag)
  return definition ? Math.max(1, Math.min(2, digitsFor(definition.high - definition.low))) : 2
}
