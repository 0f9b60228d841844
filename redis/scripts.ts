import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { RedisArgument, RedisCommand } from './command.ts'

const NAMES = ['acquire', 'append', 'commit', 'define', 'keep', 'open-producer', 'trim'] as const

/** A file of `functions/`, without its ending. */
export type ScriptName = (typeof NAMES)[number]

/** One run of a script; all its keys are in one hash slot. */
export interface ScriptCall {
  readonly name: ScriptName
  readonly keys: readonly [string, ...string[]]
  readonly args: readonly RedisArgument[]
}

const scripts = new Map(
  NAMES.map(name => {
    const text = readFileSync(new URL(`functions/${name}.lua`, import.meta.url), 'utf8')
    return [name, { text, sha: createHash('sha1').update(text).digest('hex') }] as const
  }),
)

/** The commands that load all scripts into a server. */
export const loadScripts: readonly RedisCommand[] = [...scripts.values()].map(({ text }) => [
  'SCRIPT',
  'LOAD',
  text,
])

/** The command that runs a script which is loaded. */
export function scriptCommand({ name, keys, args }: ScriptCall): RedisCommand {
  return ['EVALSHA', scripts.get(name)!.sha, keys.length, ...keys, ...args]
}
