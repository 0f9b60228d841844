import axe, { type AxeResults } from 'axe-core'
import { type Browser, chromium, type Locator, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  type EngineProcess,
  eventually,
  getJson,
  scratch,
  startEngineProcess,
} from '#bench/engine-process.ts'
import type { Advice, AlarmRecord } from '#engine/flow.ts'
import { available } from '#engine/tools/require.ts'

const ARGUMENTS = ['--no-sandbox', '--headless', '--disable-background-networking', '--disable-gpu']
const HOLD_MS = 1200
/** A press that is too short to approve. */
const PRESS_MS = 300
/** Recommendations are replaced every few seconds at this speed, so a hold may come too late. */
const ATTEMPTS_MAX = 8
const browserPath = available('chromium')?.path
if (!browserPath) process.stderr.write('not run: no chromium\n')

const data = scratch('page-operator')
let engine: EngineProcess
let browser: Browser
let page: Page
const problems: string[] = []

const flags = (http: string, grpc: string, opcua: string) => [
  ...['--data', data.path, '--http', http, '--grpc', grpc, '--opcua', opcua],
  ...['--log', 'error', '--speed', '30', '--preroll', '2'],
]
const alarms = async () =>
  (await getJson<{ alarms: AlarmRecord[] }>(`${engine.http}/api/alarms`)).alarms
const advice = async () => (await getJson<{ advice: Advice[] }>(`${engine.http}/api/advice`)).advice
const show = (hash: string) => page.goto(`${engine.http}/${hash}`)
const portOf = (address: string) => /:(\d+)/.exec(address.replace(/^\w[\w.]*:\/\//, ''))![1]!

/** Works on the first waiting card, again on its successor when that one was replaced. */
async function decide(act: (card: Locator) => Promise<void>, outcome: Advice['state']) {
  const waiting = page.locator('[data-testid="advice-card"][data-state="PENDING_APPROVAL"]')
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    await waiting.first().waitFor({ timeout: 90_000 })
    const id = await waiting.first().getAttribute('data-advice-id')
    const card = page.locator(`[data-testid="advice-card"][data-advice-id="${id}"]`)
    await act(card).catch(() => {})
    const decided = await eventually(
      async () => (await advice()).find(one => one.id === id),
      one => one?.state !== 'PENDING_APPROVAL',
      5000,
    ).catch(() => undefined)
    if (decided?.state === outcome) return { decided, card }
  }
  throw new Error(`no recommendation became ${outcome}: ${JSON.stringify(await advice())}`)
}

async function barriers(): Promise<readonly string[]> {
  await page.evaluate(axe.source)
  const results = await page.evaluate<AxeResults>('axe.run(document)')
  return results.violations
    .filter(found => found.impact === 'serious' || found.impact === 'critical')
    .map(found => `${found.id}: ${found.nodes.map(node => node.html).join(' | ')}`)
}

describe.runIf(browserPath)('an operator at the page, on the demonstration', () => {
  beforeAll(async () => {
    engine = await startEngineProcess(flags('0', '0', '0'))
    browser = await chromium.launch({ executablePath: browserPath!, args: ARGUMENTS })
    page = await browser.newPage({ viewport: { width: 1366, height: 768 } })
    page.setDefaultTimeout(10_000)
    page.on('pageerror', error => problems.push(error.message))
    page.on('console', message => {
      if (message.type() === 'error') problems.push(message.text())
    })
  })
  afterAll(async () => {
    await browser?.close()
    await engine?.stop()
    data.clean()
  })

  it('approves a recommendation by holding the button, and sees who approved it', async () => {
    await show('#/advice')
    const { decided, card } = await decide(async one => {
      await one.getByTestId('advice-approve').hover()
      await page.mouse.down()
      await page.waitForTimeout(HOLD_MS)
      await page.mouse.up()
    }, 'APPROVED')
    expect(decided.decided_by).toBe('developer')
    await expect
      .poll(() => card.getByTestId('advice-decided').textContent())
      .toMatch(/^Approved by developer at /)
    expect(await card.getByTestId('advice-approve').count()).toBe(0)
  })

  it('does not approve on a short click, and has no serious barrier on a waiting card', async () => {
    await show('#/advice')
    const waiting = page.locator('[data-testid="advice-card"][data-state="PENDING_APPROVAL"]')
    await waiting.first().waitFor({ timeout: 90_000 })
    const before = (await advice()).filter(one => one.state === 'APPROVED').length
    await waiting.first().getByTestId('advice-approve').click({ delay: PRESS_MS })
    await page.waitForTimeout(HOLD_MS)
    expect(await barriers()).toEqual([])
    expect((await advice()).filter(one => one.state === 'APPROVED').length).toBe(before)
  })

  it('rejects a recommendation with a reason, which the engine keeps', async () => {
    await show('#/advice')
    const { decided, card } = await decide(async one => {
      await one.getByTestId('advice-reject').click({ timeout: 3000 })
      await one.getByTestId('advice-reason').fill('anode change in an hour', { timeout: 3000 })
      await one.getByTestId('advice-reject-confirm').click({ timeout: 3000 })
    }, 'REJECTED_BY_OPERATOR')
    expect(decided).toMatchObject({ decided_by: 'developer', comment: 'anode change in an hour' })
    await expect
      .poll(() => card.getByTestId('advice-decided').textContent())
      .toMatch(/^Rejected by developer at .*anode change in an hour/)
    const row = page.locator(`[data-testid="decided-row"][data-advice-id="${decided.id}"]`)
    expect(await row.textContent()).toMatch(/Rejected/)
  })

  it('shelves an alarm with a reason, finds it on the shelf, and puts it back', async () => {
    await show('#/alarms')
    const row = page.locator('[data-kind="feed-below-demand"][data-cell="cell-117"]')
    await row.first().waitFor({ timeout: 60_000 })
    const id = await row.first().getAttribute('data-alarm-id')
    const shelvedUntil_ms = async () =>
      (await alarms()).find(one => one.id === id)!.shelved_until_ms
    await row.first().getByTestId('alarm-more').click()
    await page.getByTestId('shelve-reason').fill('feeder is being repaired')
    await page.getByTestId('shelve').click()
    await expect.poll(shelvedUntil_ms).toBeGreaterThan(0)
    const this_one = page.locator(`[data-testid="alarm-row"][data-alarm-id="${id}"]`)
    await expect.poll(() => this_one.count()).toBe(0)
    await expect.poll(() => page.getByTestId('shelved-count').textContent()).toBe('1 shelved')

    await page.getByTestId('alarm-scope').selectOption('shelved')
    await this_one.getByTestId('unshelve').click()
    await expect.poll(shelvedUntil_ms).toBe(0)
    await page.getByTestId('alarm-scope').selectOption('listed')
    await this_one.waitFor()
  })

  for (const [name, hash, ready] of [
    ['overview', '#/', 'map-table'],
    ['cell page', '#/line/potline-1/cell/cell-129', 'figure-superheat'],
    ['alarm list', '#/alarms', 'alarm-row'],
    ['recommendations', '#/advice', 'decided-row'],
  ] as const) {
    it(`has no serious barrier on the ${name}`, async () => {
      await show(hash)
      await page.getByTestId(ready).first().waitFor({ state: 'attached', timeout: 60_000 })
      expect(await barriers()).toEqual([])
    })
  }

  it('showed no error in the console', () => {
    expect(problems).toEqual([])
  })

  it('recovers by itself after the engine was killed, and shows each alarm once', async () => {
    await show('#/alarms')
    const rows = page.getByTestId('alarm-row')
    await rows.first().waitFor()
    const before = await rows.evaluateAll(all => all.map(row => row.getAttribute('data-alarm-id')))
    const ports = [engine.http, engine.grpc, await engine.opcua].map(portOf)
    await engine.kill9()
    await expect
      .poll(() => page.getByTestId('connection').textContent(), { timeout: 20_000 })
      .toBe('Connection lost')
    await expect
      .poll(() => page.getByTestId('notice').allTextContents(), { timeout: 20_000 })
      .toContainEqual(expect.stringMatching(/Values are old/))
    const [time, count] = [await page.getByTestId('event-time').textContent(), before.length]

    engine = await startEngineProcess(flags(ports[0]!, ports[1]!, ports[2]!))
    await expect
      .poll(() => page.getByTestId('connection').textContent(), { timeout: 40_000 })
      .toBe('Connected')
    await expect
      .poll(() => page.getByTestId('event-time').textContent(), { timeout: 60_000 })
      .not.toBe(time)
    await expect.poll(() => page.getByTestId('notice').count(), { timeout: 20_000 }).toBe(0)
    const after = await rows.evaluateAll(all => all.map(row => row.getAttribute('data-alarm-id')))
    expect(new Set(after).size).toBe(after.length)
    expect(after.length).toBeGreaterThanOrEqual(count)
    for (const id of before) expect(after).toContain(id)
  })
})
