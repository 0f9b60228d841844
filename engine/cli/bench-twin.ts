import { appendResult, surroundings } from '#bench/results.ts'
import { measureTwin } from '#bench/twin/measure.ts'
import { twinTable } from '#bench/twin/report.ts'
import { type OptionValues, printJson, say, usage } from './command.ts'

const DEFAULTS = { runs: 7, cells: 240 }

/** `liquidus bench twin`: the full cell against C and the Python peers. */
export function benchTwin(options: OptionValues): number {
  const plan = { ...DEFAULTS }
  for (const name of ['runs', 'cells'] as const) {
    const value = (options[name] as number | undefined) ?? DEFAULTS[name]
    if (!Number.isInteger(value) || value < 1)
      throw usage(`--${name} takes a whole number, 1 or more`)
    plan[name] = value
  }
  const around = surroundings()
  const measured = measureTwin(plan, say)
  const command = `bench twin --runs ${plan.runs} --cells ${plan.cells}`
  const result = { ...measured, ...around, command }
  if (options.save !== false) appendResult(result)
  if (options.json) printJson(result)
  else process.stdout.write(`${twinTable(result)}\n`)
  const unequal = Object.entries(measured.same_bits).filter(([, worst]) => worst !== 0)
  for (const [name, worst] of unequal) say(`failed: ${name} differs by ${worst} from the fast form`)
  return unequal.length === 0 ? 0 : 1
}
