import type { Telemetry } from '#engine/outputs/websocket/protocol.ts'

/** Counts what is scored in each tick, by what the newest telemetry of each line shows. */
export interface ScoreTally {
  telemetry(line: string, frame: Telemetry, detectors: readonly string[]): void
  /** Per second: residuals (z-scores) and asset scores above 0, which is what learning shows. */
  perSecond(): { readonly z: number; readonly assets: number }
  /** Lines of which no, or not every, asset has a score. */
  unscored(): readonly string[]
}

interface Scored {
  readonly cells: number
  readonly z: number
  /** Assets with a score, of the detector that scores most of them. */
  readonly assets: number
  /** Over all detectors. */
  readonly scores: number
}

/** Ticks are of one second; a line not heard of counts as not scored. */
export function scoreTally(lines: readonly string[]): ScoreTally {
  const seen = new Map<string, Scored>()
  return {
    telemetry(line, frame) {
      const { cells, residual, scores } = frame
      let z = 0
      for (const value of residual) if (Number.isFinite(value)) z++
      let most = 0
      let sum = 0
      for (let first = 0; first < scores.length; first += cells) {
        let count = 0
        for (let i = first; i < first + cells; i++) if (scores[i]! > 0) count++
        most = Math.max(most, count)
        sum += count
      }
      seen.set(line, { cells, z, assets: most, scores: sum })
    },
    perSecond() {
      const all = [...seen.values()]
      return {
        z: all.reduce((sum, one) => sum + one.z, 0),
        assets: all.reduce((sum, one) => sum + one.scores, 0),
      }
    },
    unscored: () =>
      lines.flatMap(line => {
        const one = seen.get(line)
        if (!one) return [`${line}: no telemetry`]
        return one.assets === one.cells ? [] : [`${line}: ${one.assets} of ${one.cells} assets`]
      }),
  }
}
