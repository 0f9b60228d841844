import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { modelsCommand } from './models.ts'
import { trainCommand } from './train.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'liquidus-train-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const config = path.join(folder, 'liquidus.json')
const configured = path.join(folder, 'configured')
writeFileSync(config, JSON.stringify({ models: configured }))

describe('the registry of a command', () => {
  const commands = {
    train: (options: object) => trainCommand.run({ repeat: 'cells/1', ...options }, []),
    models: (options: object) => modelsCommand.run({ ...options }, ['show', 'cells/1']),
  }
  for (const [name, run] of Object.entries(commands)) {
    it(`${name} is that of the configuration, unless --models names another`, async () => {
      await expect(run({ config })).rejects.toThrow(`is not in ${configured};`)
      const models = path.join(folder, 'named')
      await expect(run({ config, models })).rejects.toThrow(`is not in ${models};`)
    })
  }
})
