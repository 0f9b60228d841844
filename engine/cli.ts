import { helpOf, plainWords, readArguments } from './cli/command.ts'
import { COMMANDS, overview } from './cli/commands.ts'
import { LiquidusError, problemOf } from './core/errors.ts'
import { VERSION } from './version.ts'

async function main(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    process.stdout.write(overview())
    return name === undefined ? 2 : 0
  }
  if (name === '--version' || name === 'version') {
    process.stdout.write(`${VERSION}\n`)
    return 0
  }
  const entry = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
  if (!entry) {
    process.stderr.write(
      `liquidus: unknown command "${name}"; known: ${Object.keys(COMMANDS).join(', ')} (see: liquidus --help)\n`,
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

// A reader that has seen enough, such as `head`, closes the pipe: that is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0)
  throw error
})

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  if (error instanceof LiquidusError) {
    process.stderr.write(`liquidus: ${plainWords(error.message)}\n`)
    process.exitCode = error.code === 'USAGE' ? 2 : 1
  } else {
    process.stderr.write(`liquidus: this is a bug: ${problemOf(error)}\n`)
    if (error instanceof Error && error.stack) process.stderr.write(`${error.stack}\n`)
    process.exitCode = 70
  }
}
