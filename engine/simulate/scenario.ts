/** What `liquidus simulate` runs: a cell or line, and what happens to it. Plain JSON. */
import { z } from 'zod'
import { LiquidusError } from '../core/errors.ts'

const DAY_S = 86_400
const YEARS_S = 10 * 365 * DAY_S

const seconds = z.number().min(0).max(YEARS_S)
const cellList = z.array(z.int().min(1).max(3000)).min(1).optional()
const timing = {
  /** When it begins; with `every_s` it comes again, until `until_s` or the end. */
  at_s: seconds,
  every_s: z.number().positive().optional(),
  until_s: seconds.optional(),
  /** Cells from 1; all if left out. */
  cells: cellList,
}
/** Amounts are spread evenly over it; 0 is one step. */
const duration_s = seconds.default(0)

const event = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('current'), line_A: z.number().min(0).max(1e6), ...timing }),
  z.strictObject({ type: z.literal('feed'), ratio: z.number().min(0).max(10), ...timing }),
  z.strictObject({
    type: z.literal('shot'),
    feeder: z.int().min(1).max(16),
    kg: z.number().min(0).max(1000),
    ...timing,
  }),
  z.strictObject({
    type: z.literal('block'),
    feeder: z.int().min(1).max(16),
    duration_s: z.number().positive(),
    ...timing,
  }),
  z.strictObject({
    type: z.literal('beam'),
    rise_m: z.number().min(-0.05).max(0.05),
    duration_s,
    ...timing,
  }),
  z.strictObject({
    type: z.literal('metalTap'),
    kg: z.number().min(0).max(20_000),
    duration_s,
    ...timing,
  }),
  z.strictObject({
    type: z.literal('bathTap'),
    kg: z.number().min(0).max(20_000),
    duration_s,
    ...timing,
  }),
  z.strictObject({
    type: z.literal('alf3'),
    kg: z.number().min(0).max(500),
    duration_s,
    ...timing,
  }),
  z.strictObject({
    type: z.literal('heat'),
    heat_W: z.number().min(-2e6).max(2e6),
    duration_s: z.number().positive(),
    ...timing,
  }),
  z.strictObject({
    type: z.literal('tilt'),
    tilt_m: z.number().min(-0.02).max(0.02),
    duration_s: z.number().positive(),
    ...timing,
  }),
  z.strictObject({ type: z.literal('anodeChange'), anode: z.int().min(1).max(128), ...timing }),
  z.strictObject({ type: z.literal('quench'), ...timing }),
])

const size = z.int().min(1).max(1024).optional()

const schema = z.strictObject({
  name: z.string().default(''),
  duration_s: z.number().positive().max(YEARS_S),
  /** Step of the model. */
  dt_s: z.number().min(0.1).max(60).default(1),
  /** A row of the table each so many seconds. */
  every_s: z.number().positive().default(60),
  cells: z.int().min(1).max(3000).default(1),
  /** Name of a parameter set. */
  set: z.string().default('potline-350'),
  sizes: z
    .strictObject({
      liningNodes: size,
      ledgeNodes: size,
      channelNodes: size,
      anodes: size,
      feeders: size,
    })
    .default({}),
  /** Parameters that replace those of the set, in all cells. */
  parameters: z.record(z.string(), z.number()).default({}),
  /** Relative standard deviation from cell to cell, by parameter. */
  spread: z.record(z.string(), z.number().min(0).max(0.5)).default({}),
  seed: z.int().min(0).default(1),
  /** Line current; the nominal one of the set if left out. */
  line_A: z.number().min(0).max(1e6).optional(),
  /** A rectifier holds the current against the cells' voltage; left out: the current is given. */
  rectifier: z
    .strictObject({
      set: z.string().default('line-350'),
      /** Tilt of the metal per asymmetry of each neighbour's anode currents. */
      coupling_m: z.number().min(0).max(0.02).optional(),
    })
    .optional(),
  feed: z
    .strictObject({
      /** Times the nominal use. */
      ratio: z.number().min(0).max(10).default(1),
      /** A feeder drops this much as soon as it is due; 0 feeds continuously. */
      shot_kg: z.number().min(0).max(100).default(1.2),
    })
    .default({ ratio: 1, shot_kg: 1.2 }),
  /** Taps, AlF3 and beam as nominal operation needs, besides events; false: by events alone. */
  steady: z.boolean().default(true),
  /** Columns: fields of output, state or input; a vector gives a column per node or anode. */
  record: z.array(z.string()).min(1),
  events: z.array(event).default([]),
})

export type Scenario = z.infer<typeof schema>
export type ScenarioEvent = z.infer<typeof event>

/** Reads a scenario from the text of a file; what is wrong is an error that names the key. */
export function readScenario(text: string, path: string): Scenario {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw invalid(path, '(file)', `is not JSON: ${(error as Error).message}`)
  }
  const parsed = schema.safeParse(value)
  if (!parsed.success) throw ofIssue(parsed.error.issues[0]!, path)
  const scenario = parsed.data
  for (const [i, { cells }] of scenario.events.entries()) {
    const beyond = cells?.find(cell => cell > scenario.cells)
    if (beyond !== undefined) {
      throw invalid(path, `events[${i}].cells`, `names cell ${beyond} of ${scenario.cells}`)
    }
  }
  return scenario
}

/** The error for a key of a scenario. */
export function invalid(path: string, key: string, problem: string): LiquidusError {
  return new LiquidusError('SCENARIO_INVALID', { path, key, problem })
}

function ofIssue(issue: z.core.$ZodIssue, path: string): LiquidusError {
  if (issue.code === 'unrecognized_keys') {
    const key = keyOf([...issue.path, issue.keys[0]!])
    return invalid(path, key, 'is not known; recordings/scenarios/README.md has the keys')
  }
  return invalid(path, keyOf(issue.path), `is not valid: ${issue.message}`)
}

function keyOf(parts: readonly PropertyKey[]): string {
  const text = parts
    .map(part => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`))
    .join('')
  return text.replace(/^\./, '') || '(root)'
}
