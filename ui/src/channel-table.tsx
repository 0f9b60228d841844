import {
  digitsAt,
  displayOf,
  formatNumber,
  formatSigned,
  formatUnit,
  formatValue,
  shown,
  Z_90,
} from './format.ts'
import { hashOf } from './route.ts'
import type { LineState } from './store.ts'

/** Every channel of one asset, observed beside expected, with what is wrong with its sensor. */
export function ChannelTable({ line, cell }: { line: LineState; cell: number }) {
  const { info, telemetry } = line
  const name = info.cells[cell] ?? ''
  const cells = info.cells.length
  const faultOf = (tag: string) =>
    line.faults.find(fault => fault.tag === tag && (fault.cell === name || fault.cell === ''))
  return (
    <section className="panel live" aria-label="Channels">
      <div className="panel-head">
        <h2>Channels of {name}</h2>
        <a href={hashOf({ screen: 'cell', line: info.line, cell: name })}>Trends of {name}</a>
      </div>
      {info.channels.length === 0 && (
        <p className="empty">This line has no signal that comes by itself.</p>
      )}
      <table className="strip" data-testid="channel-table">
        <thead>
          <tr>
            <th scope="col">Channel</th>
            <th scope="col" className="number">
              Measured
            </th>
            <th scope="col" className="number">
              Expected, P05 to P95
            </th>
            <th scope="col">Unit</th>
            <th scope="col" className="number">
              Deviation σ
            </th>
            <th scope="col">Deviation</th>
            <th scope="col">Sensor</th>
          </tr>
        </thead>
        <tbody>
          {info.channels.map((channel, i) => {
            const at = i * cells + cell
            const display = displayOf(channel)
            const half =
              Z_90 * (telemetry?.expected_std[at] ?? Number.NaN) * Math.abs(display.scale)
            const value = shown(display, telemetry?.expected[at] ?? Number.NaN)
            const residual = telemetry?.residual[at] ?? Number.NaN
            return (
              <tr key={channel.tag} data-testid={`channel-${channel.tag}`}>
                <th scope="row">{channel.text}</th>
                <td className="number">{formatValue(display, telemetry?.observed[at])}</td>
                <td className="number estimate">
                  {formatValue(display, telemetry?.expected[at])}
                  {Number.isFinite(half) && (
                    <span className="soft"> ±{formatNumber(half, digitsAt(display, value))}</span>
                  )}
                </td>
                <td>{formatUnit(display.unit)}</td>
                <td className="number">{formatSigned(residual, 1)}</td>
                <td>
                  <DeviationBar sigma={residual} />
                </td>
                <td>{faultOf(channel.tag)?.reason ?? ''}</td>
              </tr>
            )
          })}
        </tbody>
      </table>
    </section>
  )
}

const BAR_MAX_SIGMA = 6

/** A bar from the middle, up to six standard deviations either way; marks at three. */
function DeviationBar({ sigma }: { sigma: number }) {
  const share = Number.isFinite(sigma) ? Math.max(-1, Math.min(1, sigma / BAR_MAX_SIGMA)) : 0
  const x = 60 + Math.min(0, share * 60)
  return (
    <svg width="120" height="12" aria-hidden="true" className="deviation-bar">
      <rect x="30" y="0" width="60" height="12" fill="#cdd1d4" />
      <rect x={x} y="3" width={Math.abs(share * 60)} height="6" fill="#26528a" />
      <rect x="59.5" y="0" width="1" height="12" fill="#4c5358" />
    </svg>
  )
}
