import { latencyHistogram } from '../histogram.ts'

/** Time from due to acknowledgement, and how late the sender itself was. */
export interface AckFigures {
  /** From now on what is due within `seconds_s` from `measure_ms` counts, of a load begun at `start_ms`. */
  begin(start_ms: number, measure_ms: number, seconds_s: number): void
  /** Readings due so long after the load began were acknowledged at a wall time. */
  acknowledged(due_ms: number, readings: number, at_ms: number): void
  /** A batch due so long after the load began was handed to the transport at a wall time. */
  handed(due_ms: number, bytes: number, at_ms: number): void
  report(): Readonly<Record<string, number | null>>
}

const MIB = 1024 ** 2
const LATE_S = 1

/** Figures over all lines of a sender. */
export function ackFigures(): AckFigures {
  const ack = latencyHistogram()
  const late = latencyHistogram()
  let begun_ms = Number.NaN
  let first_ms = Number.POSITIVE_INFINITY
  let seconds_s = 0
  let last_ms = Number.NEGATIVE_INFINITY
  let wire_bytes = 0
  const isMeasured = (due_ms: number): boolean => {
    const since_ms = begun_ms + due_ms - first_ms
    return since_ms >= 0 && since_ms < 1000 * seconds_s
  }
  return {
    begin(start_ms, measure_ms, measured_s) {
      begun_ms = start_ms
      first_ms = measure_ms
      seconds_s = measured_s
    },
    acknowledged(due_ms, readings, at_ms) {
      if (!isMeasured(due_ms)) return
      ack.add(at_ms - begun_ms - due_ms, readings)
      last_ms = at_ms
    },
    handed(due_ms, bytes, at_ms) {
      if (!isMeasured(due_ms)) return
      late.add(at_ms - begun_ms - due_ms)
      wire_bytes += bytes
    },
    report() {
      // Acknowledgements later than a second stretch the time: a rate is what was really reached.
      const took_s = Math.max(seconds_s, (last_ms - first_ms) / 1000 - LATE_S)
      return {
        ...ack.percentiles('ack'),
        ...late.percentiles('sender_late'),
        readings_per_s: Math.round(ack.count() / took_s),
        wire_MiB_per_s: Math.round((100 * wire_bytes) / took_s / MIB) / 100,
      }
    },
  }
}
