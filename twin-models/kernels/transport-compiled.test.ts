import { readFileSync } from 'node:fs'
import asc from 'assemblyscript/asc'
import { expect, test } from 'vitest'
import {
  advanceChannels,
  anodeUsePlace,
  type ChannelPlaces,
  channelInputValues,
  channelOutput,
  channelOutputValues,
  channelStateValues,
  channelWorkValues,
  FEED_PLACE,
} from './transport.ts'
import { channelLayout, channelTableBytes, writeChannelTable } from './transport-layout.ts'
import { PLAN_VALUES, planChannels } from './transport-plan.ts'

const FILE = 'channels.ts'
const BASE = 65_536

interface Compiled {
  readonly memory: WebAssembly.Memory
  advanceChannels(
    table: number,
    state: number,
    plan: number,
    input: number,
    output: number,
    work: number,
  ): void
}

async function compile(): Promise<Compiled> {
  const source = readFileSync(new URL(`../assembly/${FILE}`, import.meta.url), 'utf8')
  let binary = new Uint8Array()
  const options = ['--enable', 'simd', '--runtime', 'stub', '--initialMemory', '8', '--noAssert']
  const { error, stderr } = await asc.main([FILE, ...options, '-O3', '-o', 'out.wasm'], {
    readFile: name => (name === FILE ? source : null),
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

const LAYOUT = channelLayout({
  nodes: 23,
  length_m: 9,
  feeders_m: [1, 4.5, 8],
  anodes_m: [1, 2.5, 4, 5.5, 7, 8.5],
  anodeLength_m: 1.3,
})
const STATE = BASE + channelTableBytes(LAYOUT)
const PLAN = STATE + 32 * channelStateValues(LAYOUT)
const INPUT = PLAN + 32 * PLAN_VALUES
const OUTPUT = INPUT + 32 * channelInputValues(LAYOUT)
const WORK = OUTPUT + 32 * channelOutputValues(LAYOUT)
const END = WORK + 32 * channelWorkValues(LAYOUT)
const CELLS = [0, 1, 2, 3].map(lane => ({
  state: STATE / 8 + lane,
  plan: PLAN / 8 + lane,
  input: INPUT / 8 + lane,
  output: OUTPUT / 8 + lane,
  work: WORK / 8 + lane,
}))

/** A cell of any kind, so that neighbours in a tile differ in everything. */
function setUp(m: Float64Array, at: ChannelPlaces, dt_s: number, next: () => number): void {
  const parameters = {
    velocity_m_s: 0.2 * (next() - 0.3),
    dispersion_m2_s: 0.0005 + 0.03 * next(),
    exchange_per_s: 0.03 * next(),
    dissolution_per_s: 0.01 * next(),
    settling_per_s: next() < 0.5 ? 0 : 0.001 * next(),
  }
  planChannels(LAYOUT, m, at.plan, parameters, dt_s)
  for (let k = 0; k < channelStateValues(LAYOUT); k++) {
    m[at.state + 4 * k] = next() < 0.3 ? 0 : 8 * next()
  }
  const scalars = [5000 + 1000 * next(), 0.02 + 0.06 * next(), 0.005, next(), 0.02 * next()]
  scalars.forEach((value, k) => {
    m[at.input + 4 * k] = value
  })
}

function feed(m: Float64Array, at: ChannelPlaces, dt_s: number, next: () => number): void {
  for (let f = 0; f < LAYOUT.feeders; f++) {
    m[at.input + 4 * (FEED_PLACE + f)] = next() < 0.7 ? 0 : 0.05 * dt_s * next()
  }
  for (let a = 0; a < LAYOUT.anodes; a++) {
    m[at.input + 4 * (anodeUsePlace(LAYOUT) + a)] = 0.02 * dt_s * next()
  }
}

test.each([0.1, 1, 60])(
  'the compiled form gives the bits of the clear form at %s s',
  async dt_s => {
    const compiled = await compiling
    const fast = new Float64Array(compiled.memory.buffer)
    const clear = new Float64Array(END / 8)
    let random = 7
    const next = () => {
      random = (random * 48_271) % 2_147_483_647
      return random / 2_147_483_647
    }
    for (const at of CELLS) setUp(clear, at, dt_s, next)
    fast.set(clear)
    writeChannelTable(LAYOUT, compiled.memory.buffer, BASE)
    let lacking_kg = 0
    for (let n = 0; n < 300; n++) {
      for (const at of CELLS) feed(clear, at, dt_s, next)
      fast.set(clear.subarray(INPUT / 8, OUTPUT / 8), INPUT / 8)
      for (const at of CELLS) advanceChannels(LAYOUT, clear, at)
      compiled.advanceChannels(BASE, STATE, PLAN, INPUT, OUTPUT, WORK)
      for (const at of CELLS) lacking_kg += clear[at.output + 4 * channelOutput.lacking_kg]!
      const same = Buffer.from(clear.buffer, STATE, WORK - STATE).equals(
        Buffer.from(compiled.memory.buffer, STATE, WORK - STATE),
      )
      expect(same, `step ${n}`).toBe(true)
    }
    // The long step starves the bath, so that side of the kernel is compared too.
    if (dt_s === 60) expect(lacking_kg).toBeGreaterThan(0)
  },
)
