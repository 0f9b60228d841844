import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { type Browser, chromium } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  type EngineProcess,
  eventually,
  getJson,
  scratch,
  startEngineProcess,
} from '#bench/engine-process.ts'
import { connectListener } from '#bench/listener.ts'
import { connectProducer } from '#engine/client/producer.ts'
import { systemClock } from '#engine/core/clock.ts'
import type { AlarmIncident, AlarmRecord } from '#engine/flow.ts'
import { available } from '#engine/tools/require.ts'

const ASSETS = 1000
const CALM_S = 20
const FLOOD_S = 10
const START_MS = Date.UTC(2026, 0, 5)
const NORMAL = 40
const ABOVE = 90
const assets = Array.from({ length: ASSETS }, (_, i) => `unit-${String(i + 1).padStart(4, '0')}`)
const browserPath = available('chromium')?.path

const data = scratch('alarm-flood')
const config = path.join(data.path, 'liquidus.json')
const flags = ['--no-demo', '--config', config, '--data', data.path, '--log', 'error']
const heard = new Map<string, number>() // alarm -> frames
let engine: EngineProcess

const start = () => startEngineProcess([...flags, '--http', '0', '--grpc', '0', '--opcua', '0'])
const alarms = async () =>
  (await getJson<{ alarms: AlarmRecord[] }>(`${engine.http}/api/alarms`)).alarms
const incidents = async () =>
  (
    await getJson<{ lines: { incidents: AlarmIncident[] }[] }>(
      `${engine.http}/api/alarms/incidents`,
    )
  ).lines[0]!.incidents

/** A second of all assets; in each second of the flood a tenth of them more passes the limit. */
async function send(): Promise<void> {
  const producer = await connectProducer({
    ...{ address: engine.grpc.split('/').at(-1)!, line: 'hall', producer: 'gateway' },
    clock: systemClock,
  })
  const series = assets.map((asset_path, ref) => ({ ref, asset_path, tag: 'pressure', unit: '' }))
  const refs = Uint32Array.from(series, ({ ref }) => ref)
  for (let s = 0; s < CALM_S + FLOOD_S + 3; s++) {
    const above = Math.max(0, s - CALM_S + 1) * (ASSETS / FLOOD_S)
    await producer.send({
      ...{ count: ASSETS, refs, series: s === 0 ? series : [] },
      times_ms: new Float64Array(ASSETS).fill(START_MS + 1000 * s),
      values: Float64Array.from(assets, (_, i) => (i < above ? ABOVE : NORMAL)),
    })
  }
  await producer.drain()
  await producer.close()
}

describe('a thousand alarms within ten seconds', () => {
  beforeAll(async () => {
    const tag = { tag: 'pressure', unit: '1', low: 0, high: 100, alarm_high: 80 }
    const line = { line: 'hall', kind: 'generic', clock: 'stream', origin: 'synthetic' }
    const tags = [{ ...tag, period_ms: 1000, hold_max_ms: 5000 }]
    const lines = [{ ...line, tick_ms: 1000, cells: assets, tags }]
    writeFileSync(config, JSON.stringify({ lines }))
    engine = await start()
    const listener = await connectListener(engine.http, ['hall'], {
      message(message) {
        if (message.type !== 'event' || message.event.channel !== 'alarm') return
        const { id } = message.event.body
        heard.set(id, (heard.get(id) ?? 0) + 1)
      },
    })
    await send()
    await eventually(
      async () => heard.size,
      count => count >= ASSETS,
      30_000,
    )
    expect(listener.lost()).toBe('')
    listener.close()
  })
  afterAll(async () => {
    await engine?.stop()
    data.clean()
  })

  it('are all raised, told and kept', async () => {
    const raised = (await alarms()).filter(({ kind }) => kind === 'limit-high')
    expect(raised.map(({ cell }) => cell).toSorted()).toEqual(assets)
    expect(raised.every(({ active }) => active)).toBe(true)
    for (const { id } of raised) expect(heard.get(id)).toBeGreaterThan(0)
  })

  it('are a few incidents, each with what came first, and every alarm is in one', async () => {
    const found = await incidents()
    expect(found.length).toBeGreaterThan(0)
    expect(found.length).toBeLessThan(10)
    expect(found.reduce((sum, { alarms: members }) => sum + members, 0)).toBe(ASSETS)
    expect(found[0]!.started_ms).toBe(START_MS + 1000 * CALM_S)
    const ids = new Set(found.map(({ id }) => id))
    expect((await alarms()).every(({ incident }) => ids.has(incident))).toBe(true)
  })

  it('are still there after the engine was killed, and after it was stopped', async () => {
    const before = await alarms()
    const grouped = await incidents()
    await engine.kill9()
    engine = await start()
    await eventually(alarms, found => found.length >= before.length, 20_000)
    expect(await alarms()).toEqual(before)
    expect(await incidents()).toEqual(grouped)
    await engine.stop()
    engine = await start()
    expect(await alarms()).toEqual(before)
    expect(await incidents()).toEqual(grouped)
  })

  it.runIf(browserPath)(
    'are rows of incidents on the page, that unfold, though nothing came since the start',
    async () => {
      const browser: Browser = await chromium.launch({
        executablePath: browserPath!,
        args: ['--no-sandbox', '--headless', '--disable-background-networking'],
      })
      try {
        const page = await browser.newPage({ viewport: { width: 1366, height: 768 } })
        await page.goto(`${engine.http}/#/alarms`)
        const rows = page.getByTestId('incident-row')
        await rows.first().waitFor({ timeout: 20_000 })
        expect(await rows.count()).toBeLessThan(10)
        expect(await page.locator('tbody tr').count()).toBeLessThan(30)
        await rows.first().getByTestId('incident-unfold').click()
        await eventually(
          () => page.locator('tbody tr').count(),
          count => count > 30,
          10_000,
        )
      } finally {
        await browser.close()
      }
    },
  )
})
