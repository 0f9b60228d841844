import { type Command, helpOf, readArguments } from './cli/command.ts'
import { LiquidusError, problemOf } from './core/errors.ts'

/** Commands by name; each is loaded when it is called, so that --help is quick. */
const COMMANDS: Readonly<Record<string, { summary: string; load: () => Promise<Command> }>> = {
  start: {
    summary: 'run the engine, its page, and the simulated plant',
    load: async () => (await import('./cli/start.ts')).startCommand,
  },
  plant: {
    summary: 'run a simulated potline that sends to an engine, or record it to files',
    load: async () => (await import('./cli/plant.ts')).plantCommand,
  },
  replay: {
    summary: 'stream recorded CSV files through the gRPC door',
    load: async () => (await import('./cli/replay.ts')).replayCommand,
  },
  train: {
    summary: 'train an anomaly model on recorded normal running',
    load: async () => (await import('./cli/train.ts')).trainCommand,
  },
  models: {
    summary: 'list, show and promote the models of the registry',
    load: async () => (await import('./cli/models.ts')).modelsCommand,
  },
  verify: {
    summary: 'run a stored log again and compare state, alarms and advice, bit for bit',
    load: async () => (await import('./cli/verify.ts')).verifyCommand,
  },
  bench: {
    summary: 'measure: "bench latency" from send to acknowledgement, commit and alert',
    load: async () => (await import('./cli/bench.ts')).benchCommand,
  },
}

async function main(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    process.stdout.write(overview())
    return name === undefined ? 2 : 0
  }
  const entry = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
  if (!entry) {
    process.stderr.write(
      `liquidus: unknown command "${name}"; known: ${Object.keys(COMMANDS).join(', ')}\n`,
    )
    return 2
  }
  const command = await entry.load()
  if (rest.includes('--help') || rest.includes('-h')) {
    process.stdout.write(helpOf(name, command))
    return 0
  }
  const { options, positionals } = readArguments(name, command, rest)
  return command.run(options, positionals)
}

function overview(): string {
  const width = Math.max(...Object.keys(COMMANDS).map(name => name.length))
  const rows = Object.entries(COMMANDS).map(
    ([name, { summary }]) => `  ${name.padEnd(width)}  ${summary}`,
  )
  return `liquidus COMMAND [options]\n\n${rows.join('\n')}\n\nliquidus COMMAND --help tells more.\n`
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  if (error instanceof LiquidusError) {
    process.stderr.write(`liquidus: ${error.message}\n`)
    process.exitCode = error.code === 'USAGE' ? 2 : 1
  } else {
    process.stderr.write(`liquidus: this is a bug: ${problemOf(error)}\n`)
    if (error instanceof Error && error.stack) process.stderr.write(`${error.stack}\n`)
    process.exitCode = 70
  }
}
