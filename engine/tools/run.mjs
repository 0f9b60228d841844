// The one entry of `npm start`, `npm test` and `npm run liquidus`: it has no dependencies, does the
// set-up that is missing (packages, page), and then hands over. Node 20.19.4 or later.
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..', '..')
const LOADER = ['--import', new URL('./ts.mjs', import.meta.url).href]
const BIN = path.join(ROOT, 'node_modules', '.bin')
const UI_SOURCES = ['ui', 'engine/outputs/websocket', 'engine/flow.ts', 'twin-models/model.ts']

const [task, ...rest] = process.argv.slice(2)

checkNode()
process.chdir(ROOT)
switch (task) {
  case 'start':
    install()
    buildPage()
    await handOver(['engine/cli.ts', 'start', ...rest])
    break
  case 'liquidus':
    install()
    if (rest[0] === 'start') buildPage()
    await handOver(['engine/cli.ts', ...rest])
    break
  case 'ui':
    install()
    buildPage({ force: true })
    break
  case 'test':
    install()
    buildPage()
    test(rest)
    break
  case 'check':
    install()
    check()
    break
  case 'screenshot':
    install()
    buildPage()
    must(process.execPath, [...LOADER, 'system/screenshot.ts'])
    break
  case 'generate':
    install()
    must(process.execPath, ['engine/tools/generate-proto.mjs'])
    must(process.execPath, [...LOADER, 'engine/tools/build-wasm.ts'])
    must(process.execPath, [...LOADER, 'engine/tools/generate-docs.ts'])
    break
  default:
    fail(
      `unknown task "${task ?? ''}"; known: start, test, liquidus, check, ui, screenshot, generate`,
    )
}

function checkNode() {
  const [major, minor, patch] = process.versions.node.split('.').map(Number)
  const enough = major > 20 || (major === 20 && (minor > 19 || (minor === 19 && patch >= 4)))
  if (!enough) fail(`Node ${process.versions.node} is too old; install Node 20.19.4 or later`)
}

/** Installs the packages when they are missing or not those of package-lock.json. */
function install() {
  const stamp = path.join(ROOT, 'node_modules', '.liquidus-installed')
  const wanted = createHash('sha256')
    .update(readFileSync(path.join(ROOT, 'package-lock.json')))
    .update(readFileSync(path.join(ROOT, 'package.json')))
    .digest('hex')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return
  say('installing packages (npm ci), about half a minute ...')
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm'
  must(npm, ['ci', '--no-audit', '--no-fund', '--loglevel=error'])
  mkdirSync(path.dirname(stamp), { recursive: true })
  writeFileSync(stamp, wanted)
}

/** Builds the page when a source of it changed. */
function buildPage({ force = false } = {}) {
  const stamp = path.join(ROOT, 'ui', 'dist', '.built-from')
  const hash = createHash('sha256')
  for (const source of UI_SOURCES) hashTree(path.join(ROOT, source), hash)
  const wanted = hash.digest('hex')
  if (!force && existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return
  say('building the page ...')
  must(process.execPath, ['node_modules/vite/bin/vite.js', 'build', 'ui', '--logLevel', 'warn'])
  writeFileSync(stamp, wanted)
}

function hashTree(at, hash) {
  if (!statSync(at).isDirectory()) {
    hash.update(at.slice(ROOT.length)).update(readFileSync(at))
    return
  }
  for (const name of readdirSync(at).sort()) {
    if (name !== 'dist' && name !== 'node_modules') hashTree(path.join(at, name), hash)
  }
}

/** Types, style, wire, unit tests, then the tests of the whole. Stops at the first that fails. */
function test(extra) {
  if (extra.length > 0) return must(path.join(BIN, 'vitest'), ['run', ...extra])
  check()
  must(path.join(BIN, 'vitest'), ['run', '--coverage'])
  must(path.join(BIN, 'vitest'), ['run', '--config', 'vitest.system.config.ts'])
}

function check() {
  must(path.join(BIN, 'tsc'), ['-p', '.'])
  must(path.join(BIN, 'biome'), ['check', '--error-on-warnings'])
  must(path.join(BIN, 'buf'), ['lint'])
}

function must(command, args) {
  const result = spawnSync(command, args, { cwd: ROOT, stdio: 'inherit' })
  if (result.error) fail(`${command} does not start: ${result.error.message}`)
  if (result.status !== 0) process.exit(result.status ?? 1)
}

/** Runs TypeScript in a child, passes signals on and ends with its exit code. */
async function handOver(args) {
  const child = spawn(process.execPath, [...LOADER, ...args], { cwd: ROOT, stdio: 'inherit' })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  process.exitCode = await new Promise(resolve => {
    child.on('exit', (code, signal) => resolve(code ?? (signal === 'SIGINT' ? 130 : 1)))
  })
}

function say(text) {
  process.stderr.write(`liquidus: ${text}\n`)
}

function fail(text) {
  process.stderr.write(`liquidus: ${text}\n`)
  process.exit(1)
}
