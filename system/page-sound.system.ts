import { writeFileSync } from 'node:fs'
import path from 'node:path'
import axe, { type AxeResults } from 'axe-core'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type EngineProcess, getJson, scratch, startEngineProcess } from '#bench/engine-process.ts'
import { connectProducer } from '#engine/client/producer.ts'
import { systemClock } from '#engine/core/clock.ts'
import type { AlarmRecord } from '#engine/flow.ts'
import { available } from '#engine/tools/require.ts'

const ARGUMENTS = ['--no-sandbox', '--headless', '--disable-background-networking', '--disable-gpu']
const START_MS = Date.UTC(2026, 0, 5)
const ASSETS = ['unit-1', 'unit-2']
const NORMAL = 40
const ABOVE = 90
const browserPath = available('chromium')?.path
if (!browserPath) process.stderr.write('not run: no chromium\n')

const data = scratch('page-sound')
const config = path.join(data.path, 'liquidus.json')
let engine: EngineProcess
let browser: Browser
let page: Page
let producer: Awaited<ReturnType<typeof connectProducer>>
let second = 0
const problems: string[] = []

const alarms = async () =>
  (await getJson<{ alarms: AlarmRecord[] }>(`${engine.http}/api/alarms`)).alarms
const sound = () => page.getByTestId('sound-state').textContent()
/** Notes that the page has given to the browser's audio so far. */
const notes = () => page.evaluate(() => Number(document.documentElement.dataset.notes ?? 0))

/** One second of all assets: the first so many are above their alarm limit. */
async function send(above: number): Promise<void> {
  const series = ASSETS.map((asset_path, ref) => ({ ref, asset_path, tag: 'pressure', unit: '' }))
  await producer.send({
    ...{ count: ASSETS.length, refs: Uint32Array.of(0, 1), series: second === 0 ? series : [] },
    times_ms: new Float64Array(ASSETS.length).fill(START_MS + 1000 * second++),
    values: Float64Array.from(ASSETS, (_, i) => (i < above ? ABOVE : NORMAL)),
  })
  await producer.drain()
}

async function barriers(): Promise<readonly string[]> {
  await page.evaluate(axe.source)
  const results = await page.evaluate<AxeResults>('axe.run(document)')
  return results.violations
    .filter(found => found.impact === 'serious' || found.impact === 'critical')
    .map(found => `${found.id}: ${found.nodes.map(node => node.html).join(' | ')}`)
}

/** Counts what is started, and lets it sound all the same. */
function countNotes(): void {
  const proto = AudioScheduledSourceNode.prototype
  const start = proto.start
  proto.start = function (this: AudioScheduledSourceNode, at_s?: number) {
    const { dataset } = document.documentElement
    dataset.notes = String(Number(dataset.notes ?? 0) + 1)
    start.call(this, at_s)
  }
}

/** A header picture for people, where a folder for it is named. */
async function picture(name: string): Promise<void> {
  const folder = process.env.PICTURES
  if (folder === undefined) return
  const clip = { x: 0, y: 0, width: page.viewportSize()!.width, height: 130 }
  await page.screenshot({ path: path.join(folder, `${name}.png`), clip })
}

describe.runIf(browserPath)('the audible alarm and the normal ranges, in a real browser', () => {
  beforeAll(async () => {
    const tag = { tag: 'pressure', unit: '1', low: 0, high: 100, alarm_high: 80 }
    const common = { clock: 'stream', origin: 'synthetic' }
    const hall = { ...common, line: 'hall', kind: 'generic', cells: ASSETS, tags: [tag] }
    const pots = { ...common, line: 'pots-180', kind: 'potline', cells: 2, feeders: 2 }
    const lines = [hall, pots]
    const normal_ranges = [{ line: 'pots-180', of: 'bath_K', low: 945, high: 957 }]
    writeFileSync(config, JSON.stringify({ lines, normal_ranges }))
    engine = await startEngineProcess([
      ...['--no-demo', '--config', config, '--data', data.path, '--log', 'error'],
      ...['--http', '0', '--grpc', '0', '--opcua', '0'],
    ])
    producer = await connectProducer({
      ...{ address: engine.grpc.split('/').at(-1)!, line: 'hall', producer: 'gateway' },
      clock: systemClock,
    })
    browser = await chromium.launch({ executablePath: browserPath!, args: ARGUMENTS })
    const context = await browser.newContext({ viewport: { width: 1366, height: 768 } })
    page = await context.newPage()
    page.setDefaultTimeout(10_000)
    page.on('pageerror', error => problems.push(error.message))
    page.on('console', message => {
      if (message.type() === 'error') problems.push(message.text())
    })
    await page.addInitScript(countNotes)
    for (let s = 0; s < 3; s++) await send(0)
    await send(1)
    await page.goto(`${engine.http}/#/line/hall`)
  })
  afterAll(async () => {
    await browser?.close()
    await producer?.close()
    await engine?.stop()
    data.clean()
  })

  it('is off until the operator turns it on', async () => {
    await page.getByTestId('acknowledge').first().waitFor({ timeout: 30_000 })
    expect(await sound()).toBe('Off')
    expect(await page.getByTestId('silence').isEnabled()).toBe(false)
    expect(await notes()).toBe(0)
    await picture('off')
  })

  it('sounds what stands once it is on', async () => {
    const control = page.getByRole('button', { name: /sound of alarms/i })
    expect(await control.getAttribute('aria-pressed')).toBe('false')
    await control.click()
    await expect.poll(sound).toBe('On')
    expect(await control.getAttribute('aria-pressed')).toBe('true')
    await expect.poll(notes).toBeGreaterThan(0)
    expect(await page.getByTestId('silence').isEnabled()).toBe(true)
    expect(await barriers()).toEqual([])
    await picture('on')
  })

  it('is silenced by a key, which acknowledges nothing', async () => {
    await page.locator('main').focus()
    await page.keyboard.press('s')
    await expect.poll(sound).toBe('Silenced')
    expect(await page.getByTestId('silence').isEnabled()).toBe(false)
    expect((await alarms()).map(({ acknowledged }) => acknowledged)).toEqual([false])
    expect(await barriers()).toEqual([])
    await picture('silenced')
    for (const width of [390, 1024, 1280]) {
      await page.setViewportSize({ width, height: 768 })
      const wide = await page.evaluate(() => document.documentElement.scrollWidth)
      expect(wide).toBeLessThanOrEqual(width)
      await picture(`silenced-${width}`)
    }
    await page.setViewportSize({ width: 1366, height: 768 })
  })

  it('sounds for a new alarm until another window silences it, or nothing is left', async () => {
    const before = await notes()
    await send(2)
    await expect.poll(sound).toBe('On')
    await expect.poll(notes, { timeout: 10_000 }).toBeGreaterThan(before)
    const other = await page.context().newPage()
    await other.goto(`${engine.http}/#/alarms`)
    await other.getByTestId('acknowledge').first().waitFor()
    await other.keyboard.press('Shift')
    await other.getByTestId('silence').click()
    await expect.poll(sound).toBe('Silenced')
    await other.close()
    for (let left = 2; left > 0; left--) {
      await page.getByTestId('alarm-bar').getByTestId('acknowledge').click()
      await expect
        .poll(async () => (await alarms()).filter(alarm => !alarm.acknowledged).length)
        .toBe(left - 1)
      await page.waitForTimeout(300)
    }
    await expect.poll(sound).toBe('On')
    expect(await page.getByTestId('silence').isEnabled()).toBe(false)
  })

  it('is remembered, and says when the browser blocks it until a key is pressed', async () => {
    await page.reload()
    await expect.poll(sound).toBe('Blocked')
    await picture('blocked')
    expect(await barriers()).toEqual([])
    // On its own button, whose press is then no wish to turn it off.
    await page.getByTestId('sound-switch').click()
    await expect.poll(sound).toBe('On')
    await page.getByTestId('sound-switch').click()
    await expect.poll(sound).toBe('Off')
    await page.reload()
    await page.getByTestId('sound-state').waitFor()
    expect(await sound()).toBe('Off')
  })

  it('names its key in the help', async () => {
    await page.keyboard.press('?')
    const help = page.getByRole('dialog')
    expect(await help.textContent()).toMatch(/sSilence the alarms that sound now/)
    await page.keyboard.press('Escape')
  })

  it('shows the range of this line where one is known, and no other', async () => {
    await page.goto(`${engine.http}/#/line/pots-180/cell/cell-101`)
    await page.getByTestId('figure-bath').waitFor()
    expect(await page.getByTestId('figure-bath').textContent()).toMatch(/945.*957/)
    const banded = page.locator('.figure:has([data-normal])')
    expect(
      await banded.evaluateAll(all => all.map(one => one.getAttribute('data-testid'))),
    ).toEqual(['figure-bath'])
    expect(await page.locator('.figure').count()).toBeGreaterThan(5)
    await page.goto(`${engine.http}/#/line/hall/cell/unit-1`)
    await page.getByTestId('figure-pressure').waitFor()
    expect(await page.getByTestId('figure-pressure').textContent()).toMatch(
      /alarm limits at most 80/,
    )
  })

  it('showed no error in the console', () => {
    expect(problems).toEqual([])
  })
})
