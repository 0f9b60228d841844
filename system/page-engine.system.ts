import axe, { type AxeResults } from 'axe-core'
import { type Browser, chromium } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type EngineProcess, scratch, startEngineProcess } from '#bench/engine-process.ts'
import { available } from '#engine/tools/require.ts'

const ARGUMENTS = ['--no-sandbox', '--headless', '--disable-background-networking', '--disable-gpu']
const browserPath = available('chromium')?.path
const data = scratch('page-engine')
let engine: EngineProcess
let browser: Browser
const problems: string[] = []

async function show(colorScheme: 'light' | 'dark') {
  const page = await browser.newPage({ viewport: { width: 1366, height: 768 }, colorScheme })
  page.setDefaultTimeout(20_000)
  page.on('pageerror', error => problems.push(error.message))
  page.on('console', message => {
    if (message.type() === 'error') problems.push(message.text())
  })
  await page.goto(`${engine.http}/#/engine`)
  await page.getByTestId('engine-health').waitFor()
  return page
}

describe.runIf(browserPath)('the page on the engine, on the demonstration', () => {
  beforeAll(async () => {
    engine = await startEngineProcess([
      ...['--data', data.path, '--http', '0', '--grpc', '0', '--opcua', '0', '--log', 'error'],
    ])
    browser = await chromium.launch({ executablePath: browserPath!, args: ARGUMENTS })
  })
  afterAll(async () => {
    await browser?.close()
    await engine?.stop()
    data.clean()
  })

  it.each(['light', 'dark'] as const)('fits one screen, %s, without a barrier', async scheme => {
    const page = await show(scheme)
    for (const name of ['Lines', 'Time by stage', 'Threads', 'Store', 'Clients']) {
      expect(await page.getByRole('region', { name, exact: true }).count(), name).toBe(1)
    }
    const [wide, high] = await page.evaluate<[number, number]>(
      '[document.documentElement.scrollWidth, document.documentElement.scrollHeight]',
    )
    expect([wide, high]).toEqual([1366, 768])
    await page.evaluate(axe.source)
    const { violations } = await page.evaluate<AxeResults>('axe.run(document)')
    expect(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])).toEqual([])
    await page.close()
  })

  it('counts what comes in, and names the line and its thread', async () => {
    const page = await show('light')
    const row = page.getByRole('region', { name: 'Lines' }).getByRole('row').nth(1)
    await expect.poll(() => row.textContent(), { timeout: 60_000 }).toMatch(/potline-1/)
    const rate = () => row.getByRole('cell').nth(2).textContent()
    await expect.poll(rate, { timeout: 60_000 }).not.toBe('0')
    expect(problems).toEqual([])
    await page.close()
  })
})
