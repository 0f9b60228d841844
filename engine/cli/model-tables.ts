import type { ModelRecord } from '../anomaly/tensorflow/model-record.ts'
import type { ModelDetail, ModelSummary } from '../training/desk.ts'
import type { GateReport } from '../training/gate.ts'

type Rows = readonly (readonly string[])[]

/** Columns as wide as their widest cell; a row of one cell is a remark and widens none. */
export function tableText(rows: Rows): string {
  const columns = rows.filter(row => row.length > 1)
  const widths = (columns[0] ?? []).map((_, column) =>
    Math.max(...columns.map(row => (row[column] ?? '').length)),
  )
  const line = (row: readonly string[]) =>
    row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')
  return `${rows.map(row => line(row).trimEnd()).join('\n')}\n`
}

/** One row per model. */
export function listRows(models: readonly ModelSummary[]): Rows {
  const head = ['model', 'versions', 'champion', 'challenger', 'shadow']
  const rows = models.map(({ name, versions, aliases, challenge }) => [
    name,
    versions.join(' '),
    aliases.champion || 'none',
    challengerText(aliases.challenger, challenge),
    aliases.shadow || 'none',
  ])
  return [head, ...rows]
}

/** The challenger, and what it was held against. */
function challengerText(version: string, challenge: ModelSummary['challenge']): string {
  if (version === '') return 'none'
  const gate = challenge?.gate
  if (!gate) return version
  return `${version} (${gate.passed ? 'passed' : 'failed'} against ${gate.incumbent})`
}

/** One row per fact of a version. */
export function showRows(detail: ModelDetail): Rows {
  const moves = detail.moves.map(({ alias, by, at_ms, reason, rollback }) => [
    rollback ? 'rolled back' : alias,
    `${at_ms > 0 ? `${new Date(at_ms).toISOString()} ` : ''}by ${by || 'nobody'}` +
      `${reason ? `: ${reason}` : ''}`,
  ])
  return [...factsOf(detail), ...moves]
}

const number = (value: number | undefined) => (value === undefined ? '–' : value.toPrecision(4))

function networkText({ network, inputs, origin }: ModelRecord): string {
  const kind = network ?? (origin === 'registered' ? 'trained elsewhere' : 'dense')
  if (!inputs?.window) return `${kind}, one row`
  const { rows, step_ms, answer } = inputs.window
  return `${kind}, ${rows} rows ${step_ms / 1000} s apart, answers ${ANSWERS[answer]}`
}

const ANSWERS = { window: 'all of them', newest: 'the newest', next: 'the next' } as const

function factsOf({ record, sha256, aliases }: ModelDetail): [string, string][] {
  const { training, calibration, metrics, inputs } = record
  const day = (time_ms: number) => new Date(time_ms).toISOString()
  return [
    ['version', `${record.name}/${record.version}`],
    ['aliases', aliases.join(', ') || 'none'],
    ['origin', `${record.origin ?? 'trained'}${record.author ? ` by ${record.author}` : ''}`],
    ['hash', sha256.slice(0, 16)],
    ['weights', record.weights_sha256.slice(0, 16)],
    ['network', networkText(record)],
    ['layers', record.layers.join(' ') || 'as in its topology'],
    ['features', `${record.features.length}`],
    ['schema', inputs ? inputs.sha256.slice(0, 16) : 'names only'],
    ['resolution', inputs?.tags.map(one => `${one.tag} ${one.resolution}`).join(', ') || '–'],
    ['threshold', number(record.threshold)],
    ['data', training.data],
    ['window', `${day(training.from_ms)} to ${day(training.to_ms)}`],
    ['rows', `${training.rows}, ${training.rows_alarmed ?? 0} left out near alarms`],
    ['lineage', training.data_sha256.slice(0, 16) || '–'],
    ['code', `${training.code} ${training.code_sha256?.slice(0, 16) ?? ''}`.trim()],
    ['seed, epochs', `${training.seed}, ${training.epochs}`],
    ['loss', `${number(training.loss[0])} to ${number(training.loss.at(-1))}`],
    ['calibrated on', `${calibration.rows} rows, ${calibration.blocks} blocks`],
    ['FAR there', number(metrics?.far_calibration)],
  ]
}

/** What the gate found. */
export function gateRows(report: GateReport): Rows {
  const { normal, faults, latency } = report
  return [
    ['', 'this', report.incumbent, 'limit'],
    [
      `false events in ${normal.cell_days.toFixed(2)} cell-days`,
      `${normal.events}`,
      `${normal.events_incumbent}`,
      `at most ${normal.events_max}`,
    ],
    [
      `faults found of ${faults.episodes}`,
      `${faults.detected}`,
      `${faults.detected_incumbent}`,
      `at least ${faults.detected_min}`,
    ],
    [
      `p99 for ${latency.cells} cells, ms`,
      latency.p99_ms.toFixed(2),
      '',
      `at most ${latency.p99_max_ms}`,
    ],
    [report.passed ? 'passed' : `refused: ${report.failures.join('; ')}`],
  ]
}

/** Two versions side by side; the gate's numbers where there is a bank. */
export function compareRows(
  details: readonly ModelDetail[],
  gates: readonly (GateReport | undefined)[],
): Rows {
  const facts = details.map(factsOf)
  const rows = facts[0]!.map(([name], i) => [name, ...facts.map(column => column[i]![1])])
  const gate = (name: string, of: (report: GateReport) => string) => [
    name,
    ...gates.map(report => (report ? of(report) : '–')),
  ]
  return [
    ...rows,
    gate('false events', ({ normal }) => `${normal.events}, at most ${normal.events_max}`),
    gate('faults found', ({ faults }) => `${faults.detected} of ${faults.episodes}`),
    gate('p99', ({ latency }) => `${latency.p99_ms.toFixed(2)} ms`),
    gate('gate', report => (report.passed ? 'passed' : 'refused')),
  ]
}
