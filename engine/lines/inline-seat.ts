import type { Clock } from '../core/clock.ts'
import type { LineDefinition } from '../flow.ts'
import { type FoldParts, runFold, standOf } from './fold-run.ts'
import { lineQuestions } from './questions.ts'
import { scoreDesk } from './score-desk.ts'
import type { FoldPlaces } from './seat.ts'
import { stageTimes } from './stage-times.ts'
import { tickTurns } from './tick-turns.ts'

/** Folds every line in this thread: the clear form, and the one for a single core. */
export function inlineFolds(
  build: (definition: LineDefinition) => FoldParts,
  clock: Clock,
): FoldPlaces {
  const desk = scoreDesk(clock)
  const turn = tickTurns(clock)
  return {
    async openSeat(request) {
      const { definition, state } = request
      const parts = build(definition)
      const { fold, trend } = parts
      if (state) fold.restore(state, request.kept)
      const times = stageTimes()
      const ask = lineQuestions(definition.line, fold.rewinding)
      return {
        thread: 'io',
        fields: fold.twin.fields,
        channels: fold.twin.channels,
        times,
        view: {
          stand: () => standOf(fold, definition),
          latest: () => fold.latest(),
          alarms: () => fold.anomaly.alarms(),
          alarmSummary: () => fold.anomaly.alarmSummary(),
          advice: () => fold.advice.current(),
          sensorFaults: () => fold.anomaly.sensorFaults(),
          scores: () => fold.anomaly.scores(),
        },
        run: ports => runFold(parts, request, { ports, clock, times, desk, turn }),
        trend: (cell, from_ms, points_max) => trend.read(cell, from_ms, points_max),
        profiles: cell => ask(() => fold.twin.profiles(cell)),
        snapshot: () => ask(() => ({ state: fold.snapshot(), kept: fold.takeKept() })),
        close() {},
      }
    },
    threads: () => [],
    async close() {},
  }
}
