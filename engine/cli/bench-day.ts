import path from 'node:path'
import { runDay } from '#bench/day.ts'
import { systemClock } from '../core/clock.ts'
import { foldBuilder } from '../folding.ts'
import { demoFaults, parseFaults } from '../sim/faults.ts'
import { openShelf } from '../training/shelf.ts'
import { type OptionValues, printJson, say } from './command.ts'

const FEEDERS = 5
/** The demonstration's faults count from the end of its preroll. */
const DEMO_PREROLL_S = 7200
/** A quiet simulated day of 40 cells may raise this many alarms. */
const QUIET_ALARMS_MAX = 1

/** `liquidus bench day`: every alarm of a simulated day, offline. */
export async function benchDay(options: OptionValues): Promise<number> {
  const cells = (options.cells as number | undefined) ?? 40
  const plan = (options.faults as string | undefined) ?? 'none'
  const faults =
    plan === 'none'
      ? []
      : plan === 'demo'
        ? demoFaults.map(fault => ({ ...fault, start_s: fault.start_s + DEMO_PREROLL_S }))
        : parseFaults(plan, cells, FEEDERS)
  const shelf = await openShelf(
    path.resolve((options.models as string | undefined) ?? 'models'),
    say,
  )
  const result = runDay({
    seed: (options.seed as number | undefined) ?? 1,
    cells,
    hours: (options.hours as number | undefined) ?? 24,
    faults,
    buildFold: foldBuilder(shelf),
    clock: systemClock,
    onProgress: hour => say(`hour ${hour}`),
  })
  if (options.json) printJson(result)
  else {
    for (const alarm of result.alarms) {
      say(`${alarm.raised_h.toFixed(2).padStart(6)} h  ${alarm.cell}  ${alarm.kind}  ${alarm.text}`)
    }
    say(
      `${result.alarms.length} alarms, ${result.anomalies} anomalies, ${result.advice} advice in ` +
        `${result.hours} h of ${cells} cells; ${result.us_per_tick} us a tick`,
    )
  }
  return plan === 'none' && result.alarms.length > QUIET_ALARMS_MAX ? 1 : 0
}
