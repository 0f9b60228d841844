import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { LiquidusError, problemOf } from '../core/errors.ts'

export interface OptionSpec {
  readonly type: 'string' | 'number' | 'boolean'
  /** Placeholder in the help, e.g. "PORT". */
  readonly value?: string
  readonly help: string
}

export type OptionValues = Readonly<Record<string, string | number | boolean | undefined>>

/** One `liquidus` command; its help is made from this. */
export interface Command {
  readonly summary: string
  /** Positional arguments, e.g. "FILE|DIR". */
  readonly usage?: string
  readonly details?: string
  readonly options: Readonly<Record<string, OptionSpec>>
  run(options: OptionValues, positionals: readonly string[]): Promise<number>
}

/** Reads the arguments of a command; unknown or malformed ones are errors that name them. */
export function readArguments(
  name: string,
  command: Command,
  args: readonly string[],
): { options: OptionValues; positionals: readonly string[] } {
  const known = command.options
  let parsed: ReturnType<typeof parseArgs>
  try {
    parsed = parseArgs({
      args: [...args],
      allowPositionals: true,
      allowNegative: true,
      options: Object.fromEntries(
        Object.entries(known).map(([key, spec]) => [
          key,
          { type: spec.type === 'boolean' ? ('boolean' as const) : ('string' as const) },
        ]),
      ),
    })
  } catch (error) {
    throw usage(`${argumentProblem(error)} (see: liquidus ${name} --help)`)
  }
  const options: Record<string, string | number | boolean | undefined> = {}
  for (const [key, value] of Object.entries(parsed.values)) {
    const spec = known[key]!
    if (spec.type === 'number') {
      const number = Number(value)
      if (value === '' || Number.isNaN(number)) {
        throw usage(`--${key} takes a number, not "${String(value)}"`)
      }
      options[key] = number
    } else {
      options[key] = value as string | boolean
    }
  }
  if (command.usage === undefined && parsed.positionals.length > 0) {
    throw usage(
      `liquidus ${name} takes no "${parsed.positionals[0]}" (see: liquidus ${name} --help)`,
    )
  }
  return { options, positionals: parsed.positionals }
}

/** Node's words, shortened where they lead astray. */
function argumentProblem(error: unknown): string {
  const text = problemOf(error).split('\n')[0]!
  const valueless = /^Option '(?:-\w, )?(--[\w-]+)[^']*' argument (is ambiguous|missing)/.exec(text)
  if (valueless)
    return `${valueless[1]} needs a value; one that starts with "-" as ${valueless[1]}=-1`
  return text.replace(/\. To specify a positional .*$/, '')
}

/** The bytes of a file that an option names. */
export function readInput(path: string): Buffer {
  try {
    return readFileSync(path)
  } catch (error) {
    throw new LiquidusError('FILE_UNREADABLE', { path, problem: problemOf(error) })
  }
}

export function helpOf(name: string, command: Command): string {
  const lines = [
    `liquidus ${name}${command.usage ? ` ${command.usage}` : ''} [options]`,
    '',
    command.summary,
  ]
  if (command.details) lines.push('', command.details)
  lines.push('', 'Options:')
  const specs: Record<string, OptionSpec> = {
    ...command.options,
    help: { type: 'boolean', help: 'show this text' },
  }
  const rows = Object.entries(specs).map(([key, spec]): [string, string] => [
    spec.type === 'boolean' ? `--${key}` : `--${key} ${spec.value ?? 'VALUE'}`,
    spec.help,
  ])
  const width = Math.max(...rows.map(([left]) => left.length))
  for (const [left, right] of rows) lines.push(`  ${left.padEnd(width)}  ${right}`)
  return `${lines.join('\n')}\n`
}

export function usage(problem: string): LiquidusError {
  return new LiquidusError('USAGE', { problem })
}

/** "1 cell", "8 cells". */
export function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}

/** What the system said of a file, without the words of its C library. */
export function plainWords(text: string): string {
  return text
    .replace(/ENOENT: no such file or directory, \w+ '[^']*'/g, 'there is no such file or folder')
    .replace(/E(?:ACCES|PERM): [\w ]+, \w+ '[^']*'/g, 'permission is denied')
    .replace(/EISDIR: [\w ()]+, \w+(?: '[^']*')?/g, 'it is a folder, not a file')
    .replace(/ENOTDIR: [\w ]+, \w+ '[^']*'/g, 'a part of the path is a file, not a folder')
}

/** Prints one JSON object on standard output and nothing else. */
export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`)
}

/** Progress and remarks go to standard error, so that output can be piped. */
export function say(text: string): void {
  process.stderr.write(`${text}\n`)
}
