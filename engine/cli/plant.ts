import { readdirSync } from 'node:fs'
import { systemClock } from '../core/clock.ts'
import { type Fault, faultKinds, parseFaults } from '../sim/faults.ts'
import { recordPlant } from '../sim/record.ts'
import { type PlantProgress, parseSpeed, runPlant } from '../sim/run.ts'
import { type Command, type OptionValues, printJson, readInput, say, usage } from './command.ts'

/** Simulated time starts here unless the plant runs in real time. */
const SIMULATED_START_MS = Date.UTC(2026, 0, 1)
const PROGRESS_EVERY_MS = 2000

export const plantCommand: Command = {
  summary: 'Run a simulated potline that sends through the gRPC door, or record it to files.',
  details: `Faults are written KIND@START[:cell=N,feeder=N,anode=N,magnitude=X,for=TIME], separated by
";". KIND is one of
${faultKinds.slice(0, 7).join(', ')},
${faultKinds.slice(7).join(', ')}. START and TIME
are like 90s, 30m or 2h. "demo" is the demonstration's list, "none" is a quiet plant. Cells count
from 1. --record takes a new or empty folder.`,
  options: {
    grpc: { type: 'string', value: 'HOST:PORT', help: 'the engine (default 127.0.0.1:50051)' },
    line: { type: 'string', value: 'NAME', help: 'line to write to (default potline-1)' },
    cells: { type: 'number', value: 'N', help: 'cells (default 40)' },
    feeders: { type: 'number', value: 'N', help: 'feeders of a cell (default 5)' },
    seed: { type: 'number', value: 'N', help: 'seed (default 1)' },
    speed: { type: 'string', value: 'X|max', help: 'simulated seconds per second (default 10)' },
    hours: { type: 'number', value: 'H', help: 'simulated hours to run (default: until stopped)' },
    preroll: { type: 'number', value: 'H', help: 'hours sent at full speed first (default 0)' },
    faults: { type: 'string', value: 'LIST', help: 'faults, "demo" or "none" (default none)' },
    record: { type: 'string', value: 'DIR', help: 'write a recording instead of sending' },
    key: { type: 'string', value: 'KEY', help: 'API key, where the engine asks for one' },
    'tls-ca': { type: 'string', value: 'FILE', help: 'certificate authority, for TLS' },
    quiet: { type: 'boolean', help: 'no progress' },
    json: { type: 'boolean', help: 'print the summary as one JSON object' },
  },
  async run(options) {
    const shape = shapeOf(options)
    const stop = new AbortController()
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort())
    // Started by an engine, it ends with it, also when that was killed.
    process.once('disconnect', () => stop.abort())
    if (process.connected === false) stop.abort()
    process.channel?.unref()
    const summary =
      options.record === undefined
        ? await send(options, shape, stop.signal)
        : await record(options, shape, stop.signal)
    if (options.json) printJson(summary)
    else if (!options.quiet) {
      say(
        Object.entries(summary)
          .map(([name, value]) => `${name} ${value}`)
          .join(', '),
      )
    }
    return 0
  },
}

interface PlantShape {
  readonly cells: number
  readonly feeders: number
  readonly seed: number
  readonly faults: readonly Fault[]
}

function shapeOf(options: OptionValues): PlantShape {
  const cells = (options.cells as number | undefined) ?? 40
  const feeders = (options.feeders as number | undefined) ?? 5
  const seed = (options.seed as number | undefined) ?? 1
  for (const [flag, count] of [['cells', cells] as const, ['feeders', feeders] as const]) {
    if (!Number.isInteger(count) || count < 1) {
      throw usage(`--${flag} takes a whole number from 1 on, not "${count}"`)
    }
  }
  const plan = (options.faults as string | undefined) ?? 'none'
  return { cells, feeders, seed, faults: plan === 'none' ? [] : parseFaults(plan, cells, feeders) }
}

async function record(options: OptionValues, shape: PlantShape, signal: AbortSignal) {
  const directory = options.record as string
  const hours = (options.hours as number | undefined) ?? 24
  if (holdsSomething(directory)) {
    throw usage(`--record ${directory}: the folder is not empty; name another or remove it first`)
  }
  let told_s = 0
  const onProgress = (simulated_s: number, total_s: number) => {
    if (options.quiet || simulated_s - told_s < 3600) return
    told_s = simulated_s
    say(`recording: ${(simulated_s / 3600).toFixed(0)} of ${(total_s / 3600).toFixed(0)} h`)
  }
  const plan = { ...shape, start_ms: 0, hours, onProgress, signal }
  const summary = await recordPlant(plan, directory)
  if (signal.aborted) say(`stopped after ${(summary.simulated_s / 3600).toFixed(1)} of ${hours} h`)
  return { directory, cells: shape.cells, seed: shape.seed, ...summary }
}

/** What cannot be looked into is left to the writing, which says why. */
function holdsSomething(directory: string): boolean {
  try {
    return readdirSync(directory).length > 0
  } catch {
    return false
  }
}

async function send(options: OptionValues, shape: PlantShape, signal: AbortSignal) {
  const speed = parseSpeed((options.speed as string | undefined) ?? '10')
  const hours = options.hours as number | undefined
  const tls_ca = options['tls-ca'] as string | undefined
  const done = await runPlant({
    ...shape,
    address: (options.grpc as string | undefined) ?? '127.0.0.1:50051',
    line: (options.line as string | undefined) ?? 'potline-1',
    clock: systemClock,
    speed,
    start_ms: speed === 1 ? systemClock.now_ms() : SIMULATED_START_MS,
    preroll_s: Math.round(3600 * ((options.preroll as number | undefined) ?? 0)),
    signal,
    ...(hours === undefined ? {} : { seconds: Math.round(3600 * hours) }),
    ...(options.key === undefined ? {} : { apiKey: options.key as string }),
    ...(tls_ca === undefined ? {} : { tls_ca: readInput(tls_ca) }),
    onProgress: progressTeller(options.quiet === true),
  })
  const { counts, simulated_s } = done
  return {
    simulated_s,
    sent: counts.sent_readings,
    acknowledged: counts.acknowledged_readings,
    rejected: counts.rejected_readings,
    reconnects: counts.reconnects,
  }
}

function progressTeller(quiet: boolean): (progress: PlantProgress) => void {
  let told_ms = systemClock.elapsed_ms()
  return ({ simulated_s, counts }) => {
    const now_ms = systemClock.elapsed_ms()
    if (quiet || now_ms - told_ms < PROGRESS_EVERY_MS) return
    told_ms = now_ms
    say(
      `${(simulated_s / 3600).toFixed(2)} h simulated, ${counts.acknowledged_readings} readings ` +
        `acknowledged, ${counts.rejected_readings} rejected`,
    )
  }
}
