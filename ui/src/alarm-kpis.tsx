import type { AlarmKpis, AlarmSummary } from '#engine/flow.ts'
import { incidentsText } from './alarm-groups.ts'
import { formatClock, formatNumber, formatSpan, NOTHING } from './format.ts'
import type { ClientState } from './store.ts'

/** One figure beside what it should be; `isOver` is said in words, not by colour. */
interface Figure {
  readonly text: string
  readonly value: string
  readonly target: string
  readonly isOver: boolean
}

/** Alarm figures of each line over its last 24 hours, against their targets. */
export function AlarmKpiStrip({ state, line }: { state: ClientState; line: string }) {
  const all = [...state.summaries].filter(([name]) => line === '' || name === line)
  const lines = all.length > FIGURES_MAX ? all.filter(isCalling).slice(0, FIGURES_MAX) : all
  const others = all.length - lines.length
  return (
    <>
      {lines.map(([name, { kpis, flood_since_ms, incidents }]) => (
        <section key={name} className="alarm-kpis" aria-label={`Alarm figures of ${name}`}>
          <p className="alarm-flood" data-flood={flood_since_ms > 0} data-testid="alarm-flood">
            <b>{name}</b>{' '}
            {flood_since_ms > 0
              ? `Alarm flood since ${formatClock(flood_since_ms)}: ${incidentsText(incidents.length)}`
              : 'No alarm flood'}
          </p>
          <dl data-testid="alarm-kpis">
            {figuresOf(kpis).map(({ text, value, target, isOver }) => (
              <div key={text} data-over={isOver}>
                <dt>{text}</dt>
                <dd>
                  <b>{value}</b>{' '}
                  <span className="soft">
                    {isOver && <strong>over </strong>}
                    {target}
                  </span>
                </dd>
              </div>
            ))}
          </dl>
        </section>
      ))}
      {others > 0 && (
        <p className="alarm-kpis soft" data-testid="alarm-kpis-others">
          {lines.length === 0 ? `${others} lines` : `${others} more`}, choose a line to see its
          figures.
        </p>
      )}
    </>
  )
}

/** Lines whose figures stand above the list; it must not be pushed off the screen by them. */
const FIGURES_MAX = 2

function isCalling([, { kpis, flood_since_ms }]: readonly [string, AlarmSummary]): boolean {
  return flood_since_ms > 0 || figuresOf(kpis).some(({ isOver }) => isOver)
}

function figuresOf(kpis: AlarmKpis): readonly Figure[] {
  const figure = (text: string, value: number, max: number, digits: number, unit = '') => ({
    text,
    value: formatNumber(value, digits) + unit,
    target: `max ${max}${unit}`,
    isOver: value > max,
  })
  const count = (text: string, value: number) => ({ text, value: `${value}`, target: '' })
  return [
    figure('Per 10 min', kpis.per_10min, 2, 1),
    figure('Last 10 min', kpis.current_10min, 10, 0),
    figure('Most in 10 min', kpis.max_10min, 10, 0),
    figure('Time in flood', kpis.flood_pct, 1, 1, ' %'),
    figure('Chattering', kpis.chattering, 0, 0),
    figure('Stale', kpis.stale, 5, 0),
    { ...count('Fleeting', kpis.fleeting), isOver: false },
    {
      text: 'Ten busiest',
      value: kpis.top10_pct === null ? NOTHING : `${formatNumber(kpis.top10_pct, 0)} %`,
      ...{ target: 'of all', isOver: false },
    },
    {
      text: 'Acknowledged after',
      value: kpis.acknowledge_p50_ms === null ? NOTHING : formatSpan(kpis.acknowledge_p50_ms),
      target: kpis.acknowledge_p95_ms === null ? '' : `p95 ${formatSpan(kpis.acknowledge_p95_ms)}`,
      isOver: false,
    },
    figure('Refused removals', kpis.unauthorised, 0, 0),
    ...(kpis.not_kept > 0 ? [figure('Not kept, list full', kpis.not_kept, 0, 0)] : []),
  ]
}
