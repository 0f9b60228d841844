/** Makes the pictures of the README: `npm run screenshot`. Needs Chromium. */
import path from 'node:path'
import { chromium } from 'playwright-core'
import { ROOT, scratch, startEngineProcess } from '#bench/engine-process.ts'
import { available } from '#engine/tools/require.ts'

const ARGUMENTS = ['--no-sandbox', '--headless', '--disable-background-networking', '--disable-gpu']
const SIZE = { width: 1366, height: 768 }
/** File, route, and a button to press first. */
const PICTURES: readonly (readonly [file: string, route: string, button?: string])[] = [
  ['overview.png', '#/line/potline-1'],
  ['cell.png', '#/line/potline-1/cell/cell-117'],
  ['inside.png', '#/line/potline-1/cell/cell-117', 'Inside the cell'],
  ['alarms.png', '#/alarms'],
  ['engine.png', '#/engine'],
  ['recommendations.png', '#/advice'],
]

const found = available('chromium')
if (!found) {
  process.stderr.write('not run: no chromium\n')
  process.exit(1)
}
const data = scratch('screenshot')
const engine = await startEngineProcess([
  ...['--data', data.path, '--http', '0', '--grpc', '0', '--opcua', '0', '--log', 'warn'],
])
try {
  const browser = await chromium.launch({ executablePath: found.path, args: ARGUMENTS })
  const page = await browser.newPage({ viewport: SIZE })
  await page.goto(`${engine.http}/#/alarms`)
  await page.locator('[data-testid="alarm-row"][data-cell="cell-117"]').first().waitFor({
    timeout: 180_000,
  })
  await page.goto(`${engine.http}/#/advice`)
  await page.locator('[data-testid="advice-card"]').first().waitFor({ timeout: 180_000 })
  for (const [file, route, button] of PICTURES) {
    await page.goto(`${engine.http}/${route}`)
    if (button) await page.getByRole('button', { name: button, exact: true }).click()
    await page.waitForTimeout(3000)
    await page.screenshot({ path: path.join(ROOT, 'docs', file) })
    process.stdout.write(`docs/${file}\n`)
  }
  await browser.close()
} finally {
  await engine.stop()
  data.clean()
}
