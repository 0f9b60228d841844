import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it, vi } from 'vitest'
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

describe('training on a simulated plant', () => {
  it('is repeated from its record alone, weight for weight', async () => {
    const models = path.join(folder, 'simulated')
    const from = 'plant:3:1:5.5'
    const said = vi.spyOn(process.stderr, 'write').mockImplementation(() => true)
    const printed = vi.spyOn(process.stdout, 'write').mockImplementation(() => true)
    const net = { network: 'forecast', window: 4, epochs: 2 }
    expect(await trainCommand.run({ from, models, ...net, json: true }, [])).toBe(0)
    const repeat = { repeat: 'potline-cells/1', models, json: true }
    expect(await trainCommand.run(repeat, [])).toBe(0)
    const answer = JSON.parse(String(printed.mock.calls.at(-1)![0]))
    expect(answer.equal).toEqual({ data: true, code: true, weights: true, threshold: true })
    said.mockRestore()
    printed.mockRestore()
  })

  it.each([
    ...['plant:1:2', 'plant:1:0:3', 'plant:a:2:3', 'plant:1:2:0', 'plant:1:2:'],
    ...['plant:1:1:Infinity', 'plant:1:1:241', 'plant:1:2001:0.01', 'plant:1:Infinity:1'],
  ])('refuses %s', async from => {
    await expect(trainCommand.run({ from, models: folder }, [])).rejects.toThrow(
      'write plant:SEED:CELLS:HOURS',
    )
  })

  it('names the networks that there are, and where a window has a place', async () => {
    const run = (options: object) => trainCommand.run({ from: 'x', models: folder, ...options }, [])
    await expect(run({ network: 'deep' })).rejects.toThrow(
      'unknown network "deep": dense, temporal, conv-patch, forecast',
    )
    await expect(run({ window: 8 })).rejects.toThrow('--window is for networks of windows')
  })
})
