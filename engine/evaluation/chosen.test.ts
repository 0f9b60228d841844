import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { chosenDetector, readDetectors } from './chosen.ts'
import { namedConfiguration } from './configuration.ts'
import { editSteps, nearestName } from './nearest-name.ts'
import { NETWORK_SKAB, NETWORK_TEP } from './network.ts'

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'liquidus-chosen-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const pca = { ...namedConfiguration('pca'), name: 'mine' }
const cva = { ...namedConfiguration('cva'), name: 'yours' }

function choose(detector: string | undefined, held?: unknown) {
  const config = held === undefined ? undefined : join(folder, 'own.json')
  if (config !== undefined) writeFileSync(config, JSON.stringify(held))
  return chosenDetector({ detector, config, standard: 'tep', network: NETWORK_TEP })
}
const nameOf = (...choice: Parameters<typeof choose>) => choose(...choice).plan.name

describe('a detector chosen by name and file', () => {
  it('is the standard one without either, and that of the name alone', () => {
    expect(nameOf(undefined)).toBe('tep-cva-fused')
    expect(nameOf('mewma')).toBe('mewma')
    expect(choose('network')).toBe(NETWORK_TEP)
  })

  it('is that of the file alone', () => {
    expect(choose(undefined, pca)).toEqual({ plan: pca })
    expect(choose(undefined, [pca])).toEqual({ plan: pca })
    expect(() => choose(undefined, [pca, cva])).toThrow('mine, yours; name one of them')
  })

  it('is the one of the file that has the name', () => {
    expect(choose('yours', [pca, cva])).toEqual({ plan: cva })
    expect(choose('mine', pca)).toEqual({ plan: pca })
    expect(() => choose('ours', [pca, cva])).toThrow('no detector "ours", but mine, yours')
  })

  it('takes another name for the one detector of a file', () => {
    expect(choose('ours', pca)).toEqual({ plan: { ...pca, name: 'ours' } })
    expect(nameOf('pca-q', pca)).toBe('pca-q')
    expect(nameOf('tep', cva)).toBe('tep')
  })

  it('refuses only a name that stands for another kind, and says what to do', () => {
    expect(() => choose('mewma', pca)).toThrow(/mewma is mewma, but .* holds pca; leave out/)
    expect(() => choose('network', pca)).toThrow('holds no network; leave out --detector network')
    expect(() => choose('cva', NETWORK_TEP)).toThrow('holds cva and network')
  })

  it('may be a network of your own', () => {
    const own = { ...NETWORK_SKAB, network: { ...NETWORK_SKAB.network, hidden: 3 } }
    expect(choose('network', own)).toEqual(own)
    expect(choose(undefined, own)).toEqual(own)
    expect(choose('network', [pca, own])).toEqual(own)
    expect(nameOf('mine', own)).toBe('mine')
    expect(choose('network', NETWORK_TEP)).toEqual(NETWORK_TEP)
  })

  it('may be any network that comes with the engine', () => {
    const committed = join(import.meta.dirname, 'networks')
    const held = readdirSync(committed).map(file => readDetectors(join(committed, file))[0]!)
    expect(held.map(({ fit }) => fit?.length)).toEqual([undefined, 1, 6])
    expect(held.every(({ network }) => network !== undefined)).toBe(true)
  })

  it('is refused with the key that is wrong', () => {
    const broken = (change: object) => () => choose(undefined, { ...NETWORK_SKAB, ...change })
    expect(broken({ network: { ...NETWORK_SKAB.network, hidden: 0 } })).toThrow('"hidden"')
    expect(broken({ network: undefined })).toThrow('"network"')
    expect(broken({ fit: 'd00_train' })).toThrow('"fit"')
    expect(broken({ parts: 0 })).toThrow('"parts"')
    const streams = [{ model: 'network', statistic: 'odds', memory: 1 }]
    expect(broken({ plan: { ...NETWORK_SKAB.plan, streams } })).toThrow('takes E2')
    expect(() => choose(undefined, [])).toThrow('empty list')
    expect(() => choose(undefined, [pca, pca])).toThrow('"mine" twice')
  })
})

describe('the nearest name', () => {
  it('takes the fewest letters changed', () => {
    expect(editSteps('anomoly', 'anomaly')).toBe(1)
    expect(editSteps('', 'abc')).toBe(3)
    expect(nearestName('Anomly', ['flow', 'changepoint', 'anomaly'])).toBe('anomaly')
    expect(nearestName('x', [])).toBeUndefined()
    expect(nearestName('abc', ['xyz', 'uvw'])).toBeUndefined()
  })
})
