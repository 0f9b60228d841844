import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Programs that some tests and checks need and that a laptop may lack. */
export type Tool = keyof typeof TOOLS

const TOOLS = {
  redis: ['redis-server'],
  chromium: ['chromium', 'google-chrome', 'google-chrome-stable', 'chromium-browser'],
} as const

/** Names another Redis server than the one on the PATH. */
const REDIS_SERVER = 'LIQUIDUS_REDIS_SERVER'

/**
 * Where the tool is on the PATH, or undefined: then say "not run: no <tool>". Throws when
 * LIQUIDUS_REQUIRE (comma separated) lists the tool, so that a machine meant to have it fails.
 */
export function available(tool: Tool, environment = process.env): { path: string } | undefined {
  const named = tool === 'redis' ? (environment[REDIS_SERVER] ?? '') : ''
  if (named !== '' && isExecutable(named)) return { path: named }
  if (named !== '') throw new Error(`${REDIS_SERVER} names no program: ${named}`)
  for (const directory of (environment.PATH ?? '').split(delimiter)) {
    for (const name of TOOLS[tool]) {
      const path = join(directory, name)
      if (directory !== '' && isExecutable(path)) return { path }
    }
  }
  const required = (environment.LIQUIDUS_REQUIRE ?? '').split(',').map(name => name.trim())
  if (!required.includes(tool)) return undefined
  throw new Error(
    `LIQUIDUS_REQUIRE lists ${tool}, but the PATH has none of: ${TOOLS[tool].join(', ')}`,
  )
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
