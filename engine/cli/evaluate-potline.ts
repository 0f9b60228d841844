import path from 'node:path'
import { type DayResult, dayReport, recordedDays, scoreDay } from '../evaluation/potline/days.ts'
import { QUIET_CELLS } from '../evaluation/potline/plan.ts'
import { faultedJob, type LineJob, quietJob, runJobs } from '../evaluation/potline/pool.ts'
import { potlineReport } from '../evaluation/potline/report.ts'
import { potlineResult } from '../evaluation/potline/result.ts'
import { foldBuilder } from '../folding.ts'
import { openShelf } from '../training/shelf.ts'
import { type OptionValues, printJson, say, usage } from './command.ts'

/** Seeds for development; those of a test are others, and every look is logged. */
const DEVELOPMENT = '501..504'
const SEEDS_MAX = 500
/** Quiet days of a run count from a hundred times its first seed. */
const QUIET_SEEDS = 100
const CELL_DAYS = 40
const LINE_DAYS_MAX = 30
const WORKERS = 2

/** Runs simulated potlines, or recorded days, and scores their alarms by event. */
export async function evaluatePotline(options: OptionValues): Promise<number> {
  const models = path.resolve((options.models as string | undefined) ?? 'models')
  const folder = options.data as string | undefined
  if (folder !== undefined) return evaluateDays(folder, models, options.json === true)
  const seeds = seedsOf((options.seeds as string | undefined) ?? DEVELOPMENT)
  const days = (options['cell-days'] as number | undefined) ?? CELL_DAYS
  if (!(days >= 0)) throw usage('--cell-days takes a number from 0 on')
  const lineDays = (options.days as number | undefined) ?? 1
  if (!(lineDays >= 1 && lineDays <= LINE_DAYS_MAX)) {
    throw usage(`--days takes a number from 1 to ${LINE_DAYS_MAX}`)
  }
  const quiet = quietJobs(seeds[0]!, days, lineDays)
  const jobs: LineJob[] = [...seeds.map(faultedJob), ...quiet]
  const lines = await runJobs(
    jobs,
    (options.workers as number | undefined) ?? WORKERS,
    { models },
    progressOf(jobs),
  )
  const result = potlineResult(lines.slice(0, seeds.length), lines.slice(seeds.length))
  const of = { seeds, quiet_seeds: quiet.map(({ seed }) => seed) }
  if (options.json) printJson({ ...result, ...of })
  else process.stdout.write(`${potlineReport(result)}\n`)
  return 0
}

function quietJobs(first: number, cellDays: number, lineDays: number): LineJob[] {
  const count = Math.ceil(cellDays / (QUIET_CELLS * lineDays))
  return Array.from({ length: count }, (_, i) => quietJob(QUIET_SEEDS * first + i, lineDays))
}

function progressOf(jobs: readonly LineJob[]) {
  let done = 0
  return ({ seed, faulted }: LineJob, line: { readonly alarms: readonly unknown[] }) => {
    done++
    const what = faulted ? 'line with faults' : 'line without faults'
    say(`${done} of ${jobs.length}: ${what}, seed ${seed}, ${line.alarms.length} alarms`)
  }
}

/** Reads "501..504" or "501". */
function seedsOf(text: string): number[] {
  const match = /^(\d+)(?:\.\.(\d+))?$/.exec(text.trim())
  const first = Number(match?.[1])
  const last = match?.[2] === undefined ? first : Number(match[2])
  if (!match || last < first || last - first >= SEEDS_MAX) {
    throw usage(`--seeds "${text}": write it like 501..504, at most ${SEEDS_MAX} seeds`)
  }
  return Array.from({ length: last - first + 1 }, (_, i) => first + i)
}

async function evaluateDays(folder: string, models: string, json: boolean): Promise<number> {
  const shelf = await openShelf(models, say)
  const results: DayResult[] = []
  for (const day of recordedDays(path.resolve(folder))) {
    say(`${day.name} ...`)
    results.push(await scoreDay(day, foldBuilder(shelf)))
  }
  if (json) printJson({ benchmark: 'potline', days: results })
  else process.stdout.write(`${results.map(dayReport).join('\n\n')}\n`)
  return 0
}
