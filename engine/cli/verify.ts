import { existsSync } from 'node:fs'
import path from 'node:path'
import { isBudget } from '../anomaly/fusion/setting.ts'
import { loadConfig } from '../config.ts'
import { LiquidusError } from '../core/errors.ts'
import { foldBuilder } from '../folding.ts'
import { verifyLine } from '../lines/verify.ts'
import { openStore } from '../main.ts'
import { openShelf } from '../training/shelf.ts'
import { versionsOf } from '../version.ts'
import { type Command, printJson, say, usage } from './command.ts'

export const verifyCommand: Command = {
  summary: 'Run a stored log again and compare state, alarms and advice with what was committed.',
  details: `Stop the engine first: a data directory has one owner at a time; a store in Redis is
only looked at. Equal means: the state hash is the same, every stored event is the same, and every
batch is in the log exactly once.`,
  options: {
    data: { type: 'string', value: 'DIR', help: 'where the embedded store lives (default ./data)' },
    config: { type: 'string', value: 'FILE', help: 'configuration of the engine' },
    line: { type: 'string', value: 'NAME', help: 'line to verify (needed)' },
    tenant: { type: 'string', value: 'NAME', help: 'its tenant (default local)' },
    json: { type: 'boolean', help: 'print the result as one JSON object' },
  },
  async run(options) {
    const line = options.line as string | undefined
    if (line === undefined) throw usage('name the line with --line NAME')
    const config = loadConfig({
      file: options.config as string | undefined,
      flags: options.data === undefined ? {} : { data: options.data },
    })
    const shelf = await openShelf(path.resolve(config.models), say)
    if (config.store === 'lmdb' && !existsSync(config.data)) {
      throw new LiquidusError('FILE_UNREADABLE', { path: config.data, problem: 'no data is there' })
    }
    const store = await openStore(config, say)
    try {
      const tenant = (options.tenant as string | undefined) ?? 'local'
      const key = `${tenant}/${line}`
      const versions = versionsOf(shelf, tenant)
      const progress = (at: number, end: number) => {
        if (!options.json)
          say(`${((100 * at) / end).toFixed(0).padStart(3)} %  entry ${at} of ${end}`)
      }
      const result = await verifyLine(store, key, foldBuilder(shelf), versions, progress, isBudget)
      if (options.json) printJson(result)
      else for (const [name, value] of Object.entries(result)) say(`${name.padEnd(24)}${value}`)
      const others = result.versions_others
      if (!result.equal && others.length > 0) {
        say(
          `not comparable: the log was also written by ${others.join('; ')}, and other versions ` +
            `rightly give other results than ${result.versions_now}`,
        )
      }
      return result.equal ? 0 : 1
    } finally {
      await store.close()
    }
  },
}
