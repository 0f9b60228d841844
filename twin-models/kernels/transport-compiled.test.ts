import { readFileSync } from 'node:fs'
import asc from 'assemblyscript/asc'
import { expect, test } from 'vitest'
import {
  advanceChannels,
  anodeUsePlace,
  CHANNEL_WORK_VALUES,
  type ChannelPlaces,
  channelInputValues,
  channelOutput,
  channelOutputValues,
  channelStateValues,
  FEED_PLACE,
} from './transport.ts'
import {
  type ChannelLayout,
  channelLayout,
  channelTableBytes,
  writeChannelTable,
} from './transport-layout.ts'
import { channelPlan, PLAN_VALUES, planChannels } from './transport-plan.ts'

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

const GEOMETRY = {
  length_m: 9,
  feeders_m: [1, 4.5, 8],
  anodes_m: [1, 2.5, 4, 5.5, 7, 8.5],
  anodeLength_m: 1.3,
}

/** Where the blocks of a tile lie behind the table of a layout. */
function tileOf(nodes: number) {
  const layout = channelLayout({ ...GEOMETRY, nodes })
  const state = BASE + channelTableBytes(layout)
  const plan = state + 32 * channelStateValues(layout)
  const input = plan + 32 * PLAN_VALUES
  const output = input + 32 * channelInputValues(layout)
  const work = output + 32 * channelOutputValues(layout)
  const at = (lane: number): ChannelPlaces => ({
    ...{ state: state / 8 + lane, plan: plan / 8 + lane, input: input / 8 + lane },
    ...{ output: output / 8 + lane, work: work / 8 + lane },
  })
  const cells = [0, 1, 2, 3].map(at)
  return { layout, state, plan, input, output, work, cells, end: work + 32 * CHANNEL_WORK_VALUES }
}

/** A cell of any kind, so that neighbours in a tile differ in everything. */
function setUp(
  layout: ChannelLayout,
  m: Float64Array,
  at: ChannelPlaces,
  dt_s: number,
  next: () => number,
): void {
  const parameters = {
    velocity_m_s: 0.2 * (next() - 0.3),
    dispersion_m2_s: 0.0005 + 0.03 * next(),
    exchange_per_s: 0.03 * next(),
    dissolution_per_s: 0.01 * next(),
    settling_per_s: next() < 0.5 ? 0 : 0.001 * next(),
  }
  planChannels(layout, m, at.plan, parameters, dt_s)
  for (let k = 0; k < channelStateValues(layout); k++) {
    m[at.state + 4 * k] = next() < 0.3 ? 0 : 8 * next()
  }
  const scalars = [5000 + 1000 * next(), 0.02 + 0.06 * next(), 0.005, next(), 0.02 * next()]
  scalars.forEach((value, k) => {
    m[at.input + 4 * k] = value
  })
}

function feed(
  layout: ChannelLayout,
  m: Float64Array,
  at: ChannelPlaces,
  dt_s: number,
  next: () => number,
): void {
  for (let f = 0; f < layout.feeders; f++) {
    m[at.input + 4 * (FEED_PLACE + f)] = next() < 0.7 ? 0 : 0.05 * dt_s * next()
  }
  for (let a = 0; a < layout.anodes; a++) {
    m[at.input + 4 * (anodeUsePlace(layout) + a)] = 0.02 * dt_s * next()
  }
}

/** Steps a tile in both forms and compares all of its blocks; what was lacking in all. */
async function compareForms(
  nodes: number,
  dt_s: number,
  change: (m: Float64Array, at: ChannelPlaces) => void = () => {},
): Promise<number> {
  const tile = tileOf(nodes)
  const compiled = await compiling
  const fast = new Float64Array(compiled.memory.buffer)
  const clear = new Float64Array(tile.end / 8)
  let random = 7
  const next = () => {
    random = (random * 48_271) % 2_147_483_647
    return random / 2_147_483_647
  }
  for (const at of tile.cells) {
    setUp(tile.layout, clear, at, dt_s, next)
    change(clear, at)
  }
  fast.set(clear)
  writeChannelTable(tile.layout, compiled.memory.buffer, BASE)
  let lacking_kg = 0
  for (let n = 0; n < 300; n++) {
    for (const at of tile.cells) feed(tile.layout, clear, at, dt_s, next)
    fast.set(clear.subarray(tile.input / 8, tile.output / 8), tile.input / 8)
    for (const at of tile.cells) advanceChannels(tile.layout, clear, at)
    const { state, plan, input, output, work } = tile
    compiled.advanceChannels(BASE, state, plan, input, output, work)
    for (const at of tile.cells) lacking_kg += clear[at.output + 4 * channelOutput.lacking_kg]!
    const same = Buffer.from(clear.buffer, state, work - state).equals(
      Buffer.from(compiled.memory.buffer, state, work - state),
    )
    expect(same, `step ${n}`).toBe(true)
  }
  return lacking_kg
}

test.each([0.1, 1, 60])(
  'the compiled form gives the bits of the clear form at %s s',
  async dt_s => {
    const lacking_kg = await compareForms(23, dt_s)
    // The long step starves the bath, so that side of the kernel is compared too.
    if (dt_s === 60) expect(lacking_kg).toBeGreaterThan(0)
  },
)

test.each([0, 4000])(
  'both forms agree where the tail alone starts the recursions, %s kg in a node',
  async kg => {
    const tail = { forward: 0, backward: 0 }
    const lacking_kg = await compareForms(61, 1, (m, at) => {
      const flows = { velocity_m_s: 0.02, dispersion_m2_s: 0.005, exchange_per_s: 0.02 }
      const layout = tileOf(61).layout
      const rates = { dissolution_per_s: 0.01, settling_per_s: 0.001 }
      planChannels(layout, m, at.plan, { ...flows, ...rates }, 1)
      tail.forward += m[at.plan + 4 * channelPlan.forwardRest]!
      tail.backward += m[at.plan + 4 * channelPlan.backwardRest]!
      for (let k = 0; k < 2 * 61; k++) m[at.state + 4 * k] = kg
    })
    expect(tail).toEqual({ forward: 0, backward: 0 })
    // With enough in every node nothing lacks, and the sweep goes along with the dissolution.
    if (kg > 0) expect(lacking_kg).toBe(0)
    else expect(lacking_kg).toBeGreaterThan(0)
  },
)
