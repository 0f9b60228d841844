import { type EngineLine, STAGES } from './engine-api.ts'
import { formatBytes, formatCount, formatMs, formatShare } from './engine-format.ts'
import { formatNumber, NOTHING, sentence } from './format.ts'
import { GaugeBar } from './gauge-bar.tsx'

/** Bytes that the memory between log and twin holds; beyond it entries are read back. */
const QUEUE_MAX_BYTES = 16 << 20
/** Lines in the table at first. */
const ROWS_MAX = 12

/** Each line with its rate, how far it is behind, and what its producers may send. */
export function EngineLines(props: {
  lines: readonly EngineLine[]
  notTold: number
  /** What the rates are counted over. */
  window_s: number
  chosen: EngineLine | undefined
  choose: (line: string) => void
}) {
  const { lines, notTold, window_s, chosen, choose } = props
  const rows = lines.slice(0, ROWS_MAX)
  const more = lines.length - rows.length + notTold
  return (
    <section className="panel" aria-label="Lines">
      <div className="panel-head">
        <h2>Lines</h2>
        {more > 0 && (
          <span className="soft">
            the {rows.length} busiest; {more} more
          </span>
        )}
      </div>
      <table className="strip engine-table">
        <thead>
          <tr>
            <th scope="col">Line</th>
            <th scope="col">Thread</th>
            <th scope="col" className="number">
              Readings/s
            </th>
            <th scope="col" className="number">
              Ticks/s
            </th>
            <th scope="col" className="number">
              Age
            </th>
            <th scope="col">Waiting for the twin</th>
            <th scope="col">Credit of producers</th>
            <th scope="col">State</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(line => (
            <tr key={line.line}>
              <td>
                <button
                  type="button"
                  className="quiet"
                  aria-pressed={line === chosen}
                  onClick={() => choose(line.line)}
                >
                  {line.line}
                </button>
              </td>
              <td>{line.thread}</td>
              <td className="number">{formatCount(line.readings_per_s)}</td>
              <td className="number">{formatCount(line.ticks_per_s)}</td>
              <td className="number">
                {line.event_age_s === null ? NOTHING : `${formatNumber(line.event_age_s, 1)} s`}
              </td>
              <td>
                <GaugeBar value={line.behind_bytes} limit={QUEUE_MAX_BYTES} />{' '}
                {formatBytes(line.behind_bytes)}{' '}
                <span className="soft">in {line.behind_entries} entries</span>
              </td>
              <td>
                <GaugeBar value={line.credit_bytes} limit={line.credit_max_bytes} fullIsFine />{' '}
                {formatBytes(line.credit_bytes)}{' '}
                <span className="soft">of {formatBytes(line.credit_max_bytes)}</span>
              </td>
              <td>{stateOf(line, window_s)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {lines.length === 0 && <p className="empty">No line yet.</p>}
    </section>
  )
}

function stateOf(line: EngineLine, window_s: number): string {
  const { degraded, restarts, rejected_per_s, late_per_s, clock_problems } = line
  const said = [
    degraded,
    ...clock_problems,
    restarts > 0 ? `${restarts} restarts` : '',
    rejected_per_s > 0 ? `${formatCount(rejected_per_s)} rejected/s` : '',
    late_per_s > 0 ? `${formatCount(late_per_s)} late/s` : '',
  ].filter(part => part !== '')
  if (said.length > 0) return said.join('; ')
  return line.readings_per_s > 0
    ? 'healthy'
    : `no reading in the last ${formatNumber(window_s, 0)} s`
}

/** Where the time of one line goes. */
export function StageBars({ line }: { line: EngineLine | undefined }) {
  const busy = STAGES.map(stage => line?.stages[stage].share ?? 0)
  const most = Math.max(...busy, 0.01)
  return (
    <section className="panel" aria-label="Time by stage">
      <div className="panel-head">
        <h2>Time by stage</h2>
        <span className="soft">{line ? line.line : ''}</span>
      </div>
      <table className="strip engine-table">
        <thead>
          <tr>
            <th scope="col">Stage</th>
            <th scope="col">Share of the time</th>
            <th scope="col" className="number">
              One run
            </th>
          </tr>
        </thead>
        <tbody>
          {STAGES.map((stage, i) => (
            <tr key={stage}>
              <th scope="row">{sentence(stage)}</th>
              <td>
                <GaugeBar value={busy[i]!} limit={most} fullIsFine /> {formatShare(busy[i]!)}
              </td>
              <td className="number">{formatMs(line?.stages[stage].mean_ms ?? null)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}
