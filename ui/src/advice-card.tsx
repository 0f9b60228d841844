import type { Advice, AdviceState } from '#engine/flow.ts'
import { AdviceDecision } from './advice-decision.tsx'
import { ForecastPlot } from './forecast-plot.tsx'
import {
  digitsFor,
  formatClock,
  formatInterval,
  formatNumber,
  formatSigned,
  formatSpan,
  formatUnit,
  sentence,
} from './format.ts'
import { MarginTable } from './margin-table.tsx'
import { hashOf } from './route.ts'
import { SetpointBar } from './setpoint-bar.tsx'
import { type ClientState, isDecided } from './store.ts'

/** Setpoint classes as people call them. */
export const SETPOINTS: Readonly<Record<Advice['setpoint'], string>> = {
  base_feed_rate: 'Base feed rate',
  target_resistance: 'Target resistance',
}
/** States of a recommendation in words. */
export const STATES: Readonly<Record<AdviceState, string>> = {
  PENDING_APPROVAL: 'Waiting for approval',
  APPROVED: 'Approved',
  REJECTED_BY_OPERATOR: 'Rejected',
  EXPIRED: 'Expired',
  SUPERSEDED: 'Replaced by a newer one',
  WITHDRAWN: 'Withdrawn',
}

/** One recommendation with everything a person needs to decide on it. */
export function AdviceCard(props: { advice: Advice; state: ClientState; narrow?: boolean }) {
  const { advice, state, narrow = false } = props
  const digits = Math.max(0, digitsFor(advice.step_max) - 1)
  const unit = formatUnit(advice.unit)
  const end_s = advice.forecasts[0]?.times_s.at(-1) ?? 0
  const now_ms = state.lines.get(advice.line)?.telemetry?.time_ms
  return (
    <article
      className="panel card"
      data-testid="advice-card"
      data-advice-id={advice.id}
      data-state={advice.state}
      aria-label={`${SETPOINTS[advice.setpoint]} of ${advice.cell}`}
    >
      <div className="panel-head">
        <h2>
          <a href={hashOf({ screen: 'cell', line: advice.line, cell: advice.cell })}>
            {advice.cell}
          </a>{' '}
          {SETPOINTS[advice.setpoint]}
        </h2>
        <span className="state" data-testid="advice-state">
          {STATES[advice.state]}
        </span>
      </div>
      <p className="move">
        <span>{formatNumber(advice.from, digits)}</span>
        <span aria-hidden="true"> → </span>
        <span className="unseen">to</span>
        <b>{formatNumber(advice.to, digits)}</b> {unit}{' '}
        <span className="soft">Δ {formatSigned(advice.to - advice.from, digits)}</span>
        <span className="expiry">{expiryText(advice, now_ms)}</span>
      </p>
      <SetpointBar advice={advice} digits={digits} />
      <p className="reason">{sentence(advice.reason)}</p>
      {end_s > 0 && (
        <p className="soft">
          Forecast over {formatInterval(1000 * end_s)}; the values are those at its end.
        </p>
      )}
      <div className="forecasts" data-narrow={narrow}>
        {advice.forecasts.slice(0, narrow ? 1 : 2).map(pair => (
          <ForecastPlot key={pair.field} pair={pair} height={narrow ? 92 : 120} />
        ))}
      </div>
      <MarginTable margins={advice.margins} />
      <p className="soft facts-line">
        Confidence {formatNumber(100 * advice.confidence, 0)} %. At most{' '}
        {formatNumber(advice.step_max, digits)} {unit} each{' '}
        {formatInterval(advice.interval_min_s * 1000)}.
      </p>
      {advice.inhibits.length > 0 && (
        <p className="inhibits">Held back by: {advice.inhibits.join('; ')}</p>
      )}
      {isDecided(advice) ? (
        <p className="decided-text" role="status" data-testid="advice-decided">
          {decidedText(advice)}
        </p>
      ) : (
        <AdviceDecision advice={advice} state={state} />
      )}
    </article>
  )
}

/** How long the recommendation still holds, in the line's own time. */
function expiryText(advice: Advice, now_ms: number | undefined): string {
  if (isDecided(advice)) return ''
  if (now_ms === undefined) return `until ${formatClock(advice.valid_until_ms)}`
  const left_ms = advice.valid_until_ms - now_ms
  return left_ms > 0 ? `expires in ${formatSpan(left_ms)}` : 'expired'
}

function decidedText(advice: Advice): string {
  const next =
    advice.state === 'APPROVED' ? ' Enter it at the pot controller: the engine does not write.' : ''
  if (advice.decided_by === '') return `${STATES[advice.state]}.`
  const comment = advice.comment === '' ? '' : `: ${advice.comment}`
  return `${STATES[advice.state]} by ${advice.decided_by} at ${formatClock(advice.decided_ms)}${comment}.${next}`
}
