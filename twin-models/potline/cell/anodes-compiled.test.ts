import { existsSync, readFileSync } from 'node:fs'
import asc from 'assemblyscript/asc'
import { expect, test } from 'vitest'
import { asinh, exp, log, log10, pow, pow10 } from '../../kernels/elementary.ts'
import { BATH_VALUES, bathLane, bathValue } from '../bath-lane.ts'
import { advanceAnodes, changeAnode, solveAnodes } from './anodes.ts'
import { RC_350_ANODES } from './anodes-cases.ts'
import {
  ANODE_FACTORS,
  ANODE_PARTS,
  ANODE_VECTORS,
  ANODE_WORK_SCALARS,
  anodeWorkLength,
  fillAnodeFactors,
} from './anodes-places.ts'
import { LANES } from './layout.ts'

const BASE = 65_536
const ENTRY = `
import { asinh, exp, log, log10, pow, pow10 } from './elementary'
export { advanceAnodes, changeAnodes, solveAnodes } from './anodes'
export { bathTile } from './bath'
export function run(which: i32, a: usize, b: usize, out: usize, count: i32): void {
  for (let i = 0; i < count; i += 2) {
    const x = v128.load(a + 8 * i)
    let y = x
    if (which == 0) y = exp(x)
    else if (which == 1) y = log(x)
    else if (which == 2) y = log10(x)
    else if (which == 3) y = pow10(x)
    else if (which == 4) y = asinh(x)
    else y = pow(x, v128.load(b + 8 * i))
    v128.store(out + 8 * i, y)
  }
}`

interface Compiled {
  readonly memory: WebAssembly.Memory
  run(which: number, a: number, b: number, out: number, count: number): void
  bathTile(block: number): void
  solveAnodes(
    anodes: number,
    iterations: number,
    ...addresses: readonly [number, number, number, number, number, number, number]
  ): void
  advanceAnodes(
    anodes: number,
    factors: number,
    state: number,
    dt_s: number,
    efficiency: number,
    rise: number,
    taken: number,
  ): void
  changeAnodes(anodes: number, factors: number, state: number, change: number): void
}

async function compile(): Promise<Compiled> {
  let binary = new Uint8Array()
  const options = ['--enable', 'simd', '--runtime', 'stub', '--initialMemory', '8', '--noAssert']
  const { error, stderr } = await asc.main(['entry.ts', ...options, '-O3', '-o', 'out.wasm'], {
    readFile: name => {
      if (name === 'entry.ts') return ENTRY
      const file = new URL(`../../assembly/${name}`, import.meta.url)
      return existsSync(file) ? readFileSync(file, 'utf8') : null
    },
    writeFile: (name, contents) => {
      if (name === 'out.wasm' && typeof contents !== 'string') binary = Uint8Array.from(contents)
    },
    listFiles: () => [],
  })
  expect(error, stderr.toString()).toBeNull()
  const { instance } = await WebAssembly.instantiate(binary, { env: { abort() {} } })
  return instance.exports as unknown as Compiled
}

const compiling = compile()

/** A seeded sequence in [0, 1). */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

/** The first index at which two arrays differ in their bits (all NaN count as one), or -1. */
function firstDifference(a: Float64Array, b: Float64Array): number {
  return a.findIndex((value, i) => !Object.is(value, b[i]))
}

test('compiled elementary functions give the bits of the clear ones, ends included', async () => {
  const compiled = await compiling
  const random = seeded(1)
  const ends = [0, -0, 1, -1, 0.5, Number.NaN, Infinity, -Infinity, 5e-324, -1e-310, 1e-310]
  ends.push(2.2250738585072014e-308, 709.782712893384, 709.7827128933841, -708.3964185322642)
  ends.push(308.25, 308.26, -307.65, -307.66, Number.MAX_VALUE, 2 ** 54, 2 ** 53, Math.SQRT1_2)
  const count = 8192
  const a = new Float64Array(compiled.memory.buffer, BASE, count)
  const b = new Float64Array(compiled.memory.buffer, BASE + 8 * count, count)
  const out = new Float64Array(compiled.memory.buffer, BASE + 16 * count, count)
  for (let i = 0; i < count; i++) {
    const [x, y] = [random(), random()]
    a[i] = [1500 * (x - 0.5), 10 ** (600 * (x - 0.5)), 4 * x - 1, 1 + 1e-6 * (x - 0.5)][i % 4]!
    b[i] = 10 * (y - 0.5)
  }
  ends.forEach((x, i) => {
    ends.forEach((y, j) => {
      a[i * ends.length + j] = x
      b[i * ends.length + j] = y
    })
  })
  const clear = [exp, log, log10, pow10, asinh, pow]
  clear.forEach((own, which) => {
    compiled.run(which, BASE, BASE + 8 * count, BASE + 16 * count, count)
    const wanted = a.map((x, i) => own(x, b[i]!))
    expect(firstDifference(wanted, out), own.name).toBe(-1)
  })
})

test('compiled bath and anodes give the bits of the clear ones over random tiles', async () => {
  const compiled = await compiling
  const anodes = 8
  const starts = [0]
  const blocks = [ANODE_FACTORS, BATH_VALUES, anodes, ANODE_VECTORS * anodes, ANODE_PARTS]
  for (const values of [...blocks, anodeWorkLength(anodes), 1, 1, 1, 1, 1]) {
    starts.push(starts.at(-1)! + LANES * values)
  }
  const [factors, bath, alumina, state, parts, work, line, efficiency, rise, taken, change, end] =
    starts as [
      number,
      number,
      number,
      number,
      number,
      number,
      number,
      number,
      number,
      number,
      number,
      number,
    ]
  const clear = new Float64Array(end)
  const fast = new Float64Array(compiled.memory.buffer, BASE, end)
  const address = (place: number) => BASE + 8 * place
  const random = seeded(2)
  const between = (low: number, high: number) => low + (high - low) * random()
  const fill = (lane: number): void => {
    const gapLessBubbles = random() < 0.5 ? 1 : 0
    fillAnodeFactors(clear, factors + lane, anodes, { ...RC_350_ANODES, gapLessBubbles })
    const set = (key: keyof typeof bathValue, value: number) => {
      clear[bath + LANES * bathValue[key] + lane] = value
    }
    set('alumina_wtpct', between(0, 8))
    set('alf3_wtpct', random() < 0.1 ? 0 : between(-1, 15))
    set('caf2_wtpct', between(0, 7))
    set('lif_wtpct', random() < 0.5 ? 0 : between(0, 3))
    set('bath_K', between(1100, 1300))
    set('wang', random() < 0.3 ? 1 : 0)
    const line_A = random() < 0.1 ? 0 : between(0, 450e3)
    clear[line + lane] = line_A
    clear[efficiency + lane] = 0.94
    clear[rise + lane] = between(-1e-5, 1e-5)
    clear[change + lane] = random() < 0.5 ? 0 : 1 + Math.floor(anodes * random())
    for (let i = 0; i < anodes; i++) {
      clear[alumina + LANES * i + lane] = between(-0.001, 0.08)
      clear[state + LANES * i + lane] = between(0.01, 0.05)
      clear[state + LANES * (anodes + i) + lane] = between(0, 3e6)
      clear[state + LANES * (2 * anodes + i) + lane] = random() < 0.2 ? between(0, 8e8) : 0
      clear[state + LANES * (3 * anodes + i) + lane] = (line_A / anodes) * between(-0.2, 2)
    }
  }
  for (let round = 0; round < 300; round++) {
    clear.fill(0)
    for (let lane = 0; lane < LANES; lane++) fill(lane)
    fast.set(clear)
    for (let lane = 0; lane < LANES; lane++) {
      const [f, b, s] = [factors + lane, bath + lane, state + lane] as const
      bathLane(clear, b)
      const line_A = clear[line + lane]!
      solveAnodes(clear, anodes, 2, f, b, alumina + lane, s, line_A, parts + lane, work + lane)
      const [share, up_m] = [clear[efficiency + lane]!, clear[rise + lane]!]
      clear[taken + lane] = advanceAnodes(clear, anodes, f, s, 1, share, up_m)
      if (clear[change + lane]! > 0) changeAnode(clear, anodes, f, s, clear[change + lane]! - 1)
    }
    compiled.bathTile(address(bath))
    const given = [factors, bath, alumina, state, line, parts, work] as const
    const [f, b, al, s, l, p, w] = given.map(address) as [
      number,
      number,
      number,
      number,
      number,
      number,
      number,
    ]
    compiled.solveAnodes(anodes, 2, f, b, al, s, l, p, w)
    compiled.advanceAnodes(anodes, f, s, 1, address(efficiency), address(rise), address(taken))
    compiled.changeAnodes(anodes, f, s, address(change))
    // The single values of the scratch are nobody's business.
    clear.fill(0, work, work + LANES * ANODE_WORK_SCALARS)
    fast.fill(0, work, work + LANES * ANODE_WORK_SCALARS)
    expect(firstDifference(clear, fast)).toBe(-1)
  }
})
