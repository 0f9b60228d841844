import { readFileSync } from 'node:fs'
import { systemClock } from '../core/clock.ts'
import { demoFaults, parseFaults } from '../sim/faults.ts'
import { recordPlant } from '../sim/record.ts'
import { parseSpeed, runPlant } from '../sim/run.ts'
import { type Command, printJson, say } from './command.ts'

/** Simulated time starts here unless the plant runs in real time. */
const SIMULATED_START_MS = Date.UTC(2026, 0, 1)
const PROGRESS_EVERY_MS = 2000

export const plantCommand: Command = {
  summary: 'Run a simulated potline that sends through the gRPC door, or record it to files.',
  details: `Faults are written KIND@START[:cell=N,feeder=N,magnitude=X,for=TIME], separated by ";":
blocked-feeder, depletion, noisy-cell, stuck-voltage, thermocouple-bias. "demo" is the
demonstration's list, "none" is a quiet plant. Cells count from 1.`,
  options: {
    grpc: { type: 'string', value: 'HOST:PORT', help: 'the engine (default 127.0.0.1:50051)' },
    line: { type: 'string', value: 'NAME', help: 'line to write to (default potline-1)' },
    cells: { type: 'number', value: 'N', help: 'cells (default 40)' },
    feeders: { type: 'number', value: 'N', help: 'feeders of a cell (default 5)' },
    seed: { type: 'number', value: 'N', help: 'seed (default 1)' },
    speed: { type: 'string', value: '1|60|max', help: 'simulated seconds per second (default 10)' },
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
    const cells = (options.cells as number | undefined) ?? 40
    const feeders = (options.feeders as number | undefined) ?? 5
    const seed = (options.seed as number | undefined) ?? 1
    const plan = (options.faults as string | undefined) ?? 'none'
    const faults =
      plan === 'demo'
        ? demoFaults.filter(fault => fault.cell < cells)
        : plan === 'none'
          ? []
          : parseFaults(plan.replaceAll(';', ' '), cells, feeders)
    const seconds =
      options.hours === undefined ? undefined : Math.round(3600 * (options.hours as number))
    const quiet = options.quiet === true
    const stop = new AbortController()
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort())
    if (options.record !== undefined) {
      const directory = options.record as string
      const hours = (options.hours as number | undefined) ?? 24
      let told_s = 0
      const onProgress = (simulated_s: number, total_s: number) => {
        if (quiet || simulated_s - told_s < 3600) return
        told_s = simulated_s
        say(`recording: ${(simulated_s / 3600).toFixed(0)} of ${(total_s / 3600).toFixed(0)} h`)
      }
      const plan = { seed, cells, feeders, start_ms: 0, faults, hours, onProgress }
      const summary = await recordPlant({ ...plan, signal: stop.signal }, directory)
      if (options.json) printJson({ directory, cells, seed, ...summary })
      else if (!quiet) say(`${directory}: ${summary.fast_rows} rows of ${cells} cells`)
      return 0
    }
    const speed = parseSpeed((options.speed as string | undefined) ?? '10')
    let told_ms = systemClock.elapsed_ms()
    const done = await runPlant({
      address: (options.grpc as string | undefined) ?? '127.0.0.1:50051',
      line: (options.line as string | undefined) ?? 'potline-1',
      clock: systemClock,
      seed,
      cells,
      feeders,
      faults,
      speed,
      start_ms: speed === 1 ? systemClock.now_ms() : SIMULATED_START_MS,

      preroll_s: Math.round(3600 * ((options.preroll as number | undefined) ?? 0)),
      signal: stop.signal,
      ...(seconds === undefined ? {} : { seconds }),
      ...(options.key === undefined ? {} : { apiKey: options.key as string }),
      ...(options['tls-ca'] === undefined
        ? {}
        : { tls_ca: readFileSync(options['tls-ca'] as string) }),
      onProgress: progress => {
        const now_ms = systemClock.elapsed_ms()
        if (quiet || now_ms - told_ms < PROGRESS_EVERY_MS) return
        told_ms = now_ms
        const { acknowledged_readings, rejected_readings } = progress.counts
        say(
          `${(progress.simulated_s / 3600).toFixed(2)} h simulated, ` +
            `${acknowledged_readings} readings acknowledged, ${rejected_readings} rejected`,
        )
      },
    })
    const summary = {
      simulated_s: done.simulated_s,
      sent: done.counts.sent_readings,
      acknowledged: done.counts.acknowledged_readings,
      rejected: done.counts.rejected_readings,
      reconnects: done.counts.reconnects,
    }
    if (options.json) printJson(summary)
    else if (!quiet)
      say(
        Object.entries(summary)
          .map(([k, v]) => `${k} ${v}`)
          .join(', '),
      )
    return 0
  },
}
