import { spawn } from 'node:child_process'
import { type Config, loadConfig } from '../config.ts'
import { systemClock } from '../core/clock.ts'
import { LiquidusError, problemOf } from '../core/errors.ts'
import { foldThreads } from '../fold-places.ts'
import { createLog } from '../log.ts'
import { plantRanges } from '../sim/normal-ranges.ts'
import { type Command, type OptionValues, say, usage } from './command.ts'

/** Flag on the command line to key of the configuration. */
export const FLAGS: Readonly<Record<string, string>> = {
  data: 'data',
  host: 'host',
  http: 'http_port',
  grpc: 'grpc_port',
  opcua: 'opcua_port',
  demo: 'demo',
  cells: 'demo_cells',
  speed: 'demo_speed',
  preroll: 'demo_preroll_h',
  seed: 'demo_seed',
  log: 'log_level',
}
const STOP_WITHIN_MS = 10_000

export const startCommand: Command = {
  summary: 'Run the engine with its page, gRPC door, REST, WebSocket and OPC UA server.',
  details: `Without a configuration file it also runs a simulated potline (the demonstration), which
sends through the gRPC door like any plant. Stop with Ctrl+C.`,
  options: {
    config: { type: 'string', value: 'FILE', help: 'configuration, JSON (docs/configuration.md)' },
    data: { type: 'string', value: 'DIR', help: 'where the embedded store lives (default ./data)' },
    host: { type: 'string', value: 'HOST', help: 'address to bind (default 127.0.0.1)' },
    http: { type: 'number', value: 'PORT', help: 'page, REST and WebSocket (default 8080)' },
    grpc: { type: 'number', value: 'PORT', help: 'readings in (default 50051)' },
    opcua: { type: 'number', value: 'PORT', help: 'OPC UA server (default 4840)' },
    demo: { type: 'boolean', help: 'run the simulated plant (default; --no-demo: without)' },
    cells: { type: 'number', value: 'N', help: 'cells of the simulated plant (default 40)' },
    speed: { type: 'number', value: 'X', help: 'simulated seconds per second (default 10)' },
    preroll: { type: 'number', value: 'H', help: 'simulated hours sent first (default 2)' },
    seed: { type: 'number', value: 'N', help: 'seed of the simulated plant (default 1)' },
    faults: {
      type: 'string',
      value: 'LIST',
      help: 'faults of the simulated plant (see plant --help)',
    },
    log: { type: 'string', value: 'LEVEL', help: 'silent, error, warn, info or debug' },
  },
  async run(options) {
    const config = configOf(options)
    const defaults = loadConfig({ environment: {} })
    // A port that differs from its default was asked for; so was one that a flag names.
    const fixedPorts = new Set(
      (['http', 'grpc', 'opcua'] as const)
        .filter(name => {
          const key = `${name}_port` as const
          return options[name] !== undefined || config[key] !== defaults[key]
        })
        .map(name => `${name}_port` as const),
    )
    const log = createLog(config, process.stderr.isTTY === true)
    // The threads first: what they load is loaded while this thread loads the rest.
    const threads = foldThreads(config, text => log.warn(text))
    const { startEngine } = await import('../main.ts')
    const locked = config.access.keys.length > 0
    const demo = config.demo && config.lines.length === 0 && !locked
    // What is configured for the line of the simulated plant comes first, and wins.
    const added = demo ? plantRanges(config.demo_line) : []
    const ranged = { ...config, normal_ranges: [...config.normal_ranges, ...added] }
    const running = await startEngine({ config: ranged, log, threads, fixedPorts })
    say(`page    ${running.http}`)
    say(`gRPC    ${running.grpc}`)
    const unmet = running.opcua.then(
      address => {
        if (address) say(`OPC UA  ${address}`)
        return undefined
      },
      (error: unknown) => {
        say(`OPC UA  not running: ${problemOf(error)}`)
        return fixedPorts.has('opcua_port') ? error : undefined
      },
    )
    const plant = demo ? startPlant(options, running.grpc, config) : undefined
    if (demo) {
      say(
        `demo    simulated plant: ${config.demo_cells} cells on line ${config.demo_line} at ` +
          `${config.demo_speed} x real time; --no-demo leaves it out`,
      )
    }
    if (config.demo && config.lines.length === 0 && locked) {
      say(
        'demo    left out, because access.keys are set; with a key that may write: ' +
          `liquidus plant --grpc ${running.grpc} --key KEY --preroll 2 --faults demo`,
      )
    }
    const failed = await stopReason(unmet)
    if (!failed) say('stopping ...')
    const forced = setTimeout(() => process.exit(1), STOP_WITHIN_MS)
    plant?.kill('SIGTERM')
    await running.close()
    clearTimeout(forced)
    if (failed) throw failed
    return 0
  },
}

/** The configuration; what is wrong with a flag is said of the flag, not of its key. */
function configOf(options: OptionValues): Config {
  try {
    return loadConfig({ file: options.config as string | undefined, flags: flagsOf(options) })
  } catch (error) {
    if (!(error instanceof LiquidusError) || error.code !== 'CONFIG_INVALID') throw error
    const { key, problem } = error.values
    const flag = Object.keys(FLAGS).find(each => FLAGS[each] === key && options[each] !== undefined)
    throw flag === undefined ? error : usage(`--${flag} ${options[flag]} ${problem}`)
  }
}

function flagsOf(options: OptionValues): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(FLAGS)
      .filter(([flag]) => options[flag] !== undefined)
      .map(([flag, key]) => [key, options[flag]]),
  )
}

/** The plant is a process of its own that knows nothing of the engine but its gRPC door. */
function startPlant(options: OptionValues, grpc: string, config: Config) {
  const args = [
    ...process.execArgv,
    process.argv[1]!,
    'plant',
    ...['--grpc', grpc, '--line', config.demo_line],
    ...['--cells', String(config.demo_cells), '--speed', String(config.demo_speed)],
    ...['--seed', String(config.demo_seed), '--preroll', String(config.demo_preroll_h)],
    ...['--faults', (options.faults as string) ?? 'demo'],
    '--quiet',
  ]
  // The channel ends with this process, however that ends, and the plant ends with the channel.
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  const started_ms = systemClock.elapsed_ms()
  child.on('error', error => say(`demo    the simulated plant does not run: ${problemOf(error)}`))
  child.on('exit', (code, signal) => {
    if (signal === 'SIGTERM' || signal === 'SIGINT' || code === 0) return
    const ran_s = (systemClock.elapsed_ms() - started_ms) / 1000
    say(`demo    the simulated plant ended after ${ran_s.toFixed(0)} s (exit ${code ?? signal})`)
  })
  return child
}

/** Resolves on a signal with nothing, or with the error that leaves a wish of the caller unmet. */
function stopReason(unmet: Promise<unknown>): Promise<unknown> {
  return new Promise(resolve => {
    void unmet.then(error => error && resolve(error))
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.once(signal, () => resolve(undefined))
    }
  })
}
