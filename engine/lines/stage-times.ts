import { type LoadStage, loadStages, type StageLoad } from '../load.ts'

/** Time that a line spent in its stages; only sums, so that they can be sent on as they are. */
export interface StageTimes {
  add(stage: LoadStage, duration_ms: number): void
  /** Time of the stages that run within `frames`: a closed tick goes down them at once. */
  nested_ms(): number
  read(): Readonly<Record<LoadStage, StageLoad>>
  /** [stage][count, sum in ms] */
  readonly sums: Float64Array
}

/** Sums that start at zero, or over memory that somebody else adds to. */
export function stageTimes(
  sums: Float64Array = new Float64Array(2 * loadStages.length),
): StageTimes {
  const at = (stage: LoadStage) => 2 * loadStages.indexOf(stage)
  const [twin, anomaly, advice] = [at('twin'), at('anomaly'), at('advice')]
  return {
    sums,
    add(stage, duration_ms) {
      const place = at(stage)
      sums[place]! += 1
      sums[place + 1]! += duration_ms
    },
    nested_ms: () => sums[twin + 1]! + sums[anomaly + 1]! + sums[advice + 1]!,
    read() {
      const load = (stage: LoadStage): StageLoad => ({
        count: sums[at(stage)]!,
        sum_s: sums[at(stage) + 1]! / 1000,
      })
      return Object.fromEntries(loadStages.map(stage => [stage, load(stage)])) as Record<
        LoadStage,
        StageLoad
      >
    },
  }
}

/** Both sums of each stage added. */
export function addTimes(a: StageTimes, b: StageTimes): StageTimes {
  return stageTimes(a.sums.map((sum, i) => sum + b.sums[i]!))
}
