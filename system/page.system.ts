import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type EngineProcess, scratch, startEngineProcess } from '#bench/engine-process.ts'
import { available } from '#engine/tools/require.ts'

const ARGUMENTS = ['--no-sandbox', '--headless', '--disable-background-networking', '--disable-gpu']
const browserPath = available('chromium')?.path
if (!browserPath) process.stderr.write('not run: no chromium\n')

const data = scratch('page')
let engine: EngineProcess
let browser: Browser
let page: Page
const problems: string[] = []

describe.runIf(browserPath)('the page, in a real browser, on the demonstration', () => {
  beforeAll(async () => {
    engine = await startEngineProcess([
      ...['--data', data.path, '--http', '0', '--grpc', '0', '--opcua', '0', '--log', 'warn'],
      ...['--speed', '30', '--preroll', '2'],
    ])
    browser = await chromium.launch({ executablePath: browserPath!, args: ARGUMENTS })
    page = await browser.newPage({ viewport: { width: 1366, height: 768 } })
    page.on('pageerror', error => problems.push(error.message))
    page.on('console', message => {
      if (message.type() === 'error') problems.push(message.text())
    })
    await page.goto(engine.http)
  })
  afterAll(async () => {
    await browser?.close()
    await engine?.stop()
    data.clean()
  })

  it('shows 40 live cells and says that the plant is simulated', async () => {
    await page.getByTestId('map-table').waitFor({ state: 'attached', timeout: 60_000 })
    await expect
      .poll(() => page.locator('[data-testid^="map-cell-"]').count(), { timeout: 60_000 })
      .toBe(40)
    await expect
      .poll(() => page.getByTestId('origin-banner').textContent())
      .toMatch(/simulated plant/i)
    const time = await page.getByTestId('event-time').textContent()
    await expect
      .poll(() => page.getByTestId('event-time').textContent(), { timeout: 20_000 })
      .not.toBe(time)
    const width = await page.evaluate(() => document.documentElement.scrollWidth)
    expect(width).toBeLessThanOrEqual(1366)
  })

  it('shows the blocked feeder as an alarm on the right cell, in physical words', async () => {
    await page.goto(`${engine.http}/#/alarms`)
    const row = page.locator('[data-testid="alarm-row"][data-kind="feed-below-demand"]')
    await row.first().waitFor({ timeout: 180_000 })
    const cells = await row.evaluateAll(rows => rows.map(one => one.getAttribute('data-cell')))
    expect(cells).toContain('cell-117')
    expect(await row.first().textContent()).toMatch(/alumina feed below demand/i)
  })

  it('acknowledges it, and the engine remembers who did', async () => {
    const row = page.locator('[data-kind="feed-below-demand"][data-cell="cell-117"]').first()
    await row.getByTestId('acknowledge').click()
    await expect
      .poll(
        async () => {
          const response = await fetch(`${engine.http}/api/alarms`)
          const { alarms } = (await response.json()) as {
            alarms: { cell: string; kind: string; acknowledged: boolean; acknowledged_by: string }[]
          }
          return alarms.find(one => one.cell === 'cell-117' && one.kind === 'feed-below-demand')
        },
        { timeout: 20_000 },
      )
      .toMatchObject({ acknowledged: true, acknowledged_by: 'developer' })
  })

  it('shows the cell with its trends, reached from the alarm', async () => {
    await page.goto(`${engine.http}/#/line/potline-1/cell/cell-117`)
    await page.getByTestId('figure-superheat').waitFor()
    await page.locator('[data-testid="trend-cell_voltage"] canvas').first().waitFor()
    expect(await page.locator('.figure:has([data-normal])').count()).toBe(7)
    expect(await page.getByTestId('origin-banner').textContent()).toMatch(/simulated plant/i)
  })

  it('names the feeder that is blocked, by the anode currents', async () => {
    await page.goto(`${engine.http}/#/line/potline-1/cell/cell-117`)
    await expect
      .poll(() => page.getByLabel('Alarms and recommendation').textContent(), { timeout: 120_000 })
      .toMatch(/feeder 2 delivers about \d+ % of what it is asked/i)
  })

  it('shows what lies inside the cell: alumina along it, anodes, feeders, ledge', async () => {
    await page.getByRole('button', { name: 'Inside the cell', exact: true }).click()
    for (const name of ['alumina_profile', 'anode_current_A', 'feeder_delivery', 'ledge_m']) {
      await page.getByTestId(`profile-${name}`).waitFor({ timeout: 20_000 })
    }
    const anodes = await page.getByTestId('profile-anode_current_A').locator('rect').count()
    expect(anodes).toBe(36)
    const ledge = page.getByTestId('profile-ledge_m').locator('svg')
    expect(await ledge.getAttribute('aria-label')).toMatch(/bath level [\d.]+ cm, metal level/)
    const feeders = await page
      .getByTestId('profile-feeder_delivery')
      .locator('td')
      .allTextContents()
    expect(feeders.length).toBe(5)
    expect(Math.min(...feeders.map(Number))).toBe(Number(feeders[1]))
    await page.getByRole('button', { name: 'Trends', exact: true }).click()
  })

  it('works with the keyboard alone from the map to a cell', async () => {
    await page.goto(engine.http)
    await page.getByTestId('map-table').waitFor({ state: 'attached' })
    for (let i = 0; i < 40; i++) {
      await page.keyboard.press('Tab')
      const role = await page.evaluate(() => document.activeElement?.getAttribute('role') ?? '')
      if (role === 'grid' || role === 'application') break
    }
    await page.keyboard.press('ArrowRight')
    await page.keyboard.press('Enter')
    await expect.poll(() => page.url(), { timeout: 10_000 }).toMatch(/\/cell\//)
  })

  it('never scrolls sideways, from a phone to a wide screen, and keeps tables in their panels', async () => {
    const at = ['#/line/potline-1', '#/line/potline-1/cell/cell-117', '#/alarms', '#/advice']
    const wide: string[] = []
    for (const width of [390, 1280, 1920]) {
      await page.setViewportSize({ width, height: 800 })
      for (const hash of [...at, '#/models', '#/engine']) {
        await page.goto(`${engine.http}/${hash}`)
        await page.waitForTimeout(700)
        const found = await page.evaluate(() => {
          const over = [...document.querySelectorAll('.panel > table')].filter(table => {
            const panel = table.parentElement!
            const scrolls = getComputedStyle(panel).overflowX === 'auto'
            const beyond = table.getBoundingClientRect().right - panel.getBoundingClientRect().right
            return !scrolls && beyond > 1
          })
          return [document.documentElement.scrollWidth, over.length]
        })
        if (found[0]! > width || found[1]! > 0) wide.push(`${width} ${hash}: ${found}`)
      }
    }
    await page.setViewportSize({ width: 1366, height: 768 })
    expect(wide).toEqual([])
  })

  it('says what went by unseen while it was cut off, until somebody has noted it', async () => {
    const other = await browser.newPage({ viewport: { width: 1366, height: 768 } })
    let cut = () => {}
    let sockets = 0
    await other.routeWebSocket(/\/ws$/, near => {
      const isAgain = ++sockets > 1
      const far = near.connectToServer()
      cut = () => void near.close({ code: 1001, reason: 'cut by the test' })
      far.onMessage(message => {
        const resumed = isAgain && typeof message === 'string' && message.includes('"resumed"')
        if (!resumed) return near.send(message)
        const { line, epoch, offset } = JSON.parse(message) as Record<string, unknown>
        const known = { line, epoch, offset, alarms: [], advice: [] }
        near.send(JSON.stringify({ type: 'snapshot', ...known, not_resumed: 'too-many' }))
      })
    })
    await other.goto(engine.http)
    await expect
      .poll(() => other.getByTestId('event-time').textContent(), { timeout: 20_000 })
      .toMatch(/\d\d:\d\d:\d\d UTC/)
    cut()
    await other.getByTestId('missed').waitFor({ timeout: 20_000 })
    expect(await other.getByTestId('missed').textContent()).toMatch(
      /^Line potline-1, not seen here since .*\d\d:\d\d:\d\d: .*too many/,
    )
    await other.getByTestId('missed-noted').click()
    await expect.poll(() => other.getByTestId('missed').count()).toBe(0)
    await other.close()
  })

  it('showed no error in the console', () => {
    expect(problems).toEqual([])
  })
})
