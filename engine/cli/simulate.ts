import { systemClock } from '../core/clock.ts'
import { runScenarioFile } from '../simulate/run.ts'
import { readScenario } from '../simulate/scenario.ts'
import { type Command, printJson, readInput, say, usage } from './command.ts'

const PROGRESS_EVERY_MS = 1000

export const simulateCommand: Command = {
  summary: 'Run a cell or a line offline from a scenario file, as fast as it can.',
  details: `The scenario is one JSON object: cells, duration, parameters, events, and what to record;
recordings/scenarios has examples and a README with the keys. The table has one row per cell and
time. It is written as it comes, so that memory does not grow with its length.`,
  options: {
    scenario: { type: 'string', value: 'FILE', help: 'the scenario, JSON (needed)' },
    out: { type: 'string', value: 'FILE', help: 'the table: .parquet or .csv (needed)' },
    every: { type: 'number', value: 'S', help: 'seconds between rows (default: the scenario)' },
    json: { type: 'boolean', help: 'print the summary as one JSON object' },
  },
  async run(options) {
    const { scenario: file, out } = options as Record<string, string | undefined>
    if (file === undefined) throw usage('name the scenario with --scenario FILE')
    if (out === undefined) throw usage('name the table with --out FILE.parquet or FILE.csv')
    const read = readScenario(readInput(file).toString('utf8'), file)
    const every_s = (options.every as number | undefined) ?? read.every_s
    if (!(every_s > 0)) throw usage('--every takes a number above 0')
    const scenario = { ...read, every_s }
    const start_ms = systemClock.elapsed_ms()
    let told_ms = start_ms
    const summary = await runScenarioFile(scenario, file, out, ({ time_s, rows }) => {
      const now_ms = systemClock.elapsed_ms()
      if (now_ms - told_ms < PROGRESS_EVERY_MS) return
      told_ms = now_ms
      const share = (100 * time_s) / scenario.duration_s
      const speed = (1000 * time_s * scenario.cells) / (now_ms - start_ms)
      say(
        `${share.toFixed(0).padStart(3)} %  ${(time_s / 3600).toFixed(1)} h, ${rows} rows, ` +
          `${speed.toFixed(0)} cell-seconds/s`,
      )
    })
    const wall_s = (systemClock.elapsed_ms() - start_ms) / 1000
    const cellSeconds = summary.steps * scenario.dt_s * summary.cells
    const result = {
      scenario: scenario.name || file,
      out,
      ...summary,
      simulated_s: summary.steps * scenario.dt_s,
      wall_s: Number(wall_s.toFixed(3)),
      cell_s_per_s: Math.round(cellSeconds / wall_s),
    }
    if (options.json) printJson(result)
    else {
      say(
        `${result.rows} rows of ${result.columns} columns in ${out}: ${result.cells} cells, ` +
          `${(result.simulated_s / 3600).toFixed(1)} h in ${wall_s.toFixed(1)} s ` +
          `(${result.cell_s_per_s} cell-seconds/s)`,
      )
    }
    return 0
  },
}
