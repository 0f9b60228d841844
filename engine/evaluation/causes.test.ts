import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { seededRandom } from '../core/random.ts'
import { causesReport, evaluateCauses } from './causes.ts'

const WIDTH = 6
let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'liquidus-causes-'))
  for (let i = 0; i <= 10; i++) {
    const name = i === 0 ? 'd00_train' : `normal_extra_${String(i).padStart(2, '0')}`
    writeFileSync(join(folder, `${name}.csv.gz`), gzipSync(normalCsv(i + 1, 420)))
  }
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Six signals that one hidden one drives. */
function normalCsv(seed: number, count: number): string {
  const random = seededRandom(seed)
  const lines = [Array.from({ length: WIDTH }, (_, c) => `X${c}`).join(',')]
  let hidden = 0
  for (let row = 0; row < count; row++) {
    hidden = 0.9 * hidden + random.normal()
    lines.push(Array.from({ length: WIDTH }, () => hidden + 0.3 * random.normal()).join(','))
  }
  return `${lines.join('\n')}\n`
}

describe('ranking of broken sensors', () => {
  it('names the sensor that a fault was made up in, by reconstruction most of all', () => {
    const result = evaluateCauses(folder, () => undefined)
    expect(result.faults).toBe(4 * WIDTH)
    expect(result.found).toBeGreaterThan(18)
    expect(result.hit1.reconstruction).toBeGreaterThan(0.75)
    expect(result.hit3.reconstruction).toBeGreaterThanOrEqual(result.hit1.reconstruction)
    expect(result.hit1.reconstruction).toBeGreaterThan(result.hit1.contributions)
    expect(causesReport(result)).toContain(`${result.found} of 24`)
  })
})
