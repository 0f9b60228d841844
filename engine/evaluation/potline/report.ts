import type { EffectFigures, FalseFigures, KindFigures, PotlineResult } from './result.ts'
import { median } from './result.ts'

/** The field's only honest figure from a real plant: F1 at a minute ahead or more. */
const REAL_PLANT_F1 = 0.324
const percent = (share: number | null) => (share === null ? '-' : (100 * share).toFixed(0))
const minutesOf = (value: number | null) => (value === null ? '-' : value.toFixed(0))

/** The result as text, targets beside. */
export function potlineReport(result: PotlineResult): string {
  const { prediction } = result
  const ratio = prediction.pr_auc / Math.max(1e-9, prediction.pr_auc_voltage_slope)
  return [
    'potline, simulated: faults by event',
    '',
    ...kindLines(result.kinds),
    '',
    ...effectLines(result),
    '',
    `anode-effect score: area under precision-recall ${prediction.pr_auc.toFixed(3)}, slope of the ` +
      `voltage ${prediction.pr_auc_voltage_slope.toFixed(3)} (${ratio.toFixed(1)} times; target 2)`,
    `  best F1 ${prediction.f1_best.toFixed(3)}; at the level of the alarm precision ` +
      `${prediction.precision.toFixed(3)}, recall ${prediction.recall.toFixed(3)}, ` +
      `${prediction.false_episodes} false`,
    `  a real plant, published: F1 ${REAL_PLANT_F1} (TRIMET 2020); simulated effects are easier`,
    `right cause in the first three: ${percent(result.right_at_first)} % at the first alarm, ` +
      `${percent(result.right)} % before the fault ends (target 90)`,
    '',
    ...falseLines('false alarms beside faults', result.false_faulted),
    ...(result.false_quiet ? falseLines('false alarms on quiet days', result.false_quiet) : []),
  ].join('\n')
}

const FEEDER_FAULTS = ['blocked-feeder', 'overfeeding']

function kindLines(kinds: Readonly<Record<string, KindFigures>>): string[] {
  const head = [
    `${'fault'.padEnd(18)} count  found %  after min  right cause % first/any  named in 20 min %`,
  ]
  const rows = Object.entries(kinds).map(([kind, figures]) => {
    const { count, recall, found_median_min, right_at_first, right, named_20min } = figures
    return (
      kind.padEnd(18) +
      String(count).padStart(6) +
      percent(recall).padStart(9) +
      minutesOf(found_median_min).padStart(11) +
      `${percent(right_at_first)}/${percent(right)}`.padStart(26) +
      percent(named_20min).padStart(19)
    )
  })
  const feeder = FEEDER_FAULTS.flatMap(kind => {
    const of = kinds[kind]
    if (!of) return []
    const named = `named by its number: ${percent(of.feeder_named)} %, within 20 min`
    return [`feeder of ${kind} ${named} ${percent(of.feeder_named_20min)} %`]
  })
  return [...head, ...rows, ...feeder]
}

function effectLines({ effects, sudden_or_local }: PotlineResult): string[] {
  const row = ([origin, figures]: [string, EffectFigures]) => {
    const { count, foretold, lead_min } = figures
    const at = (share: number) =>
      lead_min.length === 0 ? '-' : lead_min[Math.floor(share * (lead_min.length - 1))]!.toFixed(1)
    const lead = `${at(0.1)} / ${median(lead_min)?.toFixed(1) ?? '-'} / ${at(0.9)}`
    return (
      origin.padEnd(18) +
      String(count).padStart(6) +
      percent(foretold).padStart(24) +
      lead.padStart(26)
    )
  }
  return [
    `${'anode effects'.padEnd(18)} count  foretold >= 1 min, %  lead min, 10/50/90 %`,
    ...Object.entries(effects).map(row),
    `${percent(sudden_or_local)} % of them without precursor or local (at least 30 wanted)`,
  ]
}

function falseLines(title: string, figures: FalseFigures): string[] {
  const { alarms, cell_days, per_cell_day_upper, per_line_day_upper } = figures
  const list = (counts: Readonly<Record<string, number>>) =>
    Object.entries(counts)
      .toSorted((a, b) => b[1] - a[1])
      .map(([name, count]) => `${name} ${count}`)
      .join(', ') || 'none'
  return [
    `${title}: ${alarms} in ${cell_days.toFixed(0)} cell-days; at most ` +
      `${per_cell_day_upper.toFixed(4)} per cell-day, ${per_line_day_upper.toFixed(2)} per ` +
      'line-day of 300 cells (95 %; target 1)',
    `  by kind: ${list(figures.kinds)}`,
    `  events that are no alarms, by detector: ${list(figures.events)}`,
  ]
}
