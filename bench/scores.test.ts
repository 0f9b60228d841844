import { expect, it } from 'vitest'
import type { Telemetry } from '#engine/outputs/websocket/protocol.ts'
import { scoreTally } from './scores.ts'

const frame = (residual: number[], scores: number[]) =>
  ({
    cells: 2,
    residual: Float32Array.from(residual),
    scores: Float32Array.from(scores),
  }) as Telemetry

it('counts residuals and scored assets, and names a line that is not scored whole', () => {
  const tally = scoreTally(['a', 'b', 'c'])
  tally.telemetry('a', frame([1, Number.NaN, 0], [0.2, 0.4, 0, 0]), [])
  tally.telemetry('b', frame([0, 0, 0], [0.2, 0]), [])
  expect(tally.perSecond()).toEqual({ z: 5, assets: 3 })
  expect(tally.unscored()).toEqual(['b: 1 of 2 assets', 'c: no telemetry'])
})
