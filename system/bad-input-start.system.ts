import { mkdirSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  type EngineProcess,
  getJson,
  liquidus,
  scratch,
  startEngineProcess,
} from '#bench/engine-process.ts'

const place = scratch('bad-start')
const at = (...names: string[]) => path.join(place.path, ...names)
const FREE_PORTS = ['--http', '0', '--grpc', '0', '--opcua', '0']
const QUIET = ['--no-demo', '--log', 'warn']

afterAll(() => place.clean())

function file(name: string, content: string | Buffer): string {
  writeFileSync(at(name), content)
  return at(name)
}

/** Runs a command that must fail, and gives its last words. */
async function refusalOf(
  args: readonly string[],
  code: number,
  environment: NodeJS.ProcessEnv = {},
): Promise<string> {
  const done = await liquidus(args, environment).done
  expect(done.stderr).not.toMatch(/this is a bug| {4}at /)
  expect({ code: done.code, stdout: done.stdout }, done.stderr).toEqual({ code, stdout: '' })
  return done.stderr.trimEnd().split('\n').at(-1)!
}

const startWith = (...more: string[]) => ['start', ...QUIET, '--data', at('unused'), ...more]

describe('configuration and flags that are wrong', () => {
  it('names an unknown key in the file, in a part of it, and in the environment', async () => {
    const top = file('top.json', '{"htpp_port": 1}')
    expect(await refusalOf(startWith('--config', top), 1)).toMatch(
      new RegExp(`unknown key "htpp_port" in ${top}; known keys: data, host, http_port`),
    )
    const nested = file(
      'nested.json',
      JSON.stringify({ lines: [{ line: 'a', kind: 'generic', cells: 1, colour: 'red' }] }),
    )
    expect(await refusalOf(startWith('--config', nested), 1)).toMatch(/"lines.0.colour" in .*json/)
    const environment = { LIQUIDUS_HTPP_PORT: '1' }
    expect(await refusalOf(startWith(), 1, environment)).toMatch(
      /unknown key "LIQUIDUS_HTPP_PORT" in the environment; known keys: .*LIQUIDUS_HTTP_PORT/,
    )
  })

  it('names a value that cannot be, a broken file and a missing one', async () => {
    expect(await refusalOf(startWith('--http', '70000'), 2)).toMatch(/--http 70000 .*<=65535/)
    expect(await refusalOf(startWith('--config', at('none.json')), 1)).toMatch(
      /cannot read .*none\.json: there is no such file/,
    )
    const broken = file('broken.json', '{"data":')
    expect(await refusalOf(startWith('--config', broken), 1)).toMatch(/cannot read .*broken\.json/)
    const tag = { tag: 't', unit: 'furlong', low: 0, high: 1 }
    const unit = JSON.stringify({ lines: [{ line: 'a', kind: 'generic', cells: 1, tags: [tag] }] })
    const furlong = ['--config', file('unit.json', unit), ...FREE_PORTS]
    expect(await refusalOf(startWith(...furlong), 1)).toMatch(/"furlong" is not known; known: 1 /)
  })

  it('names a wrong flag, a flag without its value, and an unknown command', async () => {
    expect(await refusalOf(['start', '--htpp', '1'], 2)).toBe(
      "liquidus: Unknown option '--htpp' (see: liquidus start --help)",
    )
    expect(await refusalOf(['start', '--http'], 2)).toMatch(/--http needs a value/)
    expect(await refusalOf(['start', '--http', 'x'], 2)).toMatch(/--http takes a number, not "x"/)
    expect(await refusalOf(['strat'], 2)).toMatch(/unknown command "strat"; known: start, plant/)
  })
})

describe('ports and data directories that are taken', () => {
  let other: net.Server
  let taken = 0
  let engine: EngineProcess
  beforeAll(async () => {
    other = net.createServer().listen(0, '127.0.0.1')
    await new Promise(resolve => other.once('listening', resolve))
    taken = (other.address() as net.AddressInfo).port
    engine = await startEngineProcess([...QUIET, '--data', at('held'), ...FREE_PORTS])
  })
  afterAll(async () => {
    other.close()
    expect(await engine.stop()).toBe(0)
  })

  it('keeps to a port that was asked for, and names it with its flag', async () => {
    const ports: Record<string, string> = { http: '0', grpc: '0', opcua: '0' }
    for (const [name, what] of [
      ['http', 'HTTP'],
      ['grpc', 'gRPC'],
      ['opcua', 'OPC UA'],
    ] as const) {
      const flags = Object.entries({ ...ports, [name]: String(taken) })
      const args = startWith(...flags.flatMap(([flag, value]) => [`--${flag}`, value]))
      expect(await refusalOf(args, 1)).toMatch(
        new RegExp(
          `${what} port ${taken} on 127.0.0.1 is already in use; choose another with --${name}`,
        ),
      )
    }
  })

  it('keeps to a port of the configuration file, and gives way where it chose itself', async () => {
    const config = file('ports.json', JSON.stringify({ http_port: taken }))
    const asked = ['--config', config, '--grpc', '0', '--opcua', '0']
    expect(await refusalOf(startWith(...asked), 1)).toMatch(`HTTP port ${taken} on 127.0.0.1 is`)
    // Whoever holds the default ports, they are taken from here on.
    const holders = [8080, 50051].map(port => net.createServer().listen(port, '127.0.0.1'))
    const settled = holders.map(
      holder => new Promise(resolve => holder.on('listening', resolve).on('error', resolve)),
    )
    await Promise.all(settled)
    const second = await startEngineProcess([...QUIET, '--data', at('second'), '--opcua', '0'])
    try {
      expect(new URL(second.http).port).not.toBe('8080')
      expect(second.grpc).not.toMatch(/:50051$/)
      expect(await getJson(`${second.http}/health`)).toMatchObject({ status: 'ok' })
    } finally {
      expect(await second.stop()).toBe(0)
      for (const holder of holders) holder.close()
    }
  })

  it('names the process that holds the data directory, which lives on', async () => {
    expect(await refusalOf(['start', ...QUIET, '--data', at('held'), ...FREE_PORTS], 1)).toBe(
      `liquidus: data directory ${at('held')} is held by another running engine (process ${engine.pid})`,
    )
    expect(await getJson(`${engine.http}/health`)).toMatchObject({ status: 'ok' })
  })

  it('says that a data directory cannot be written', async () => {
    const below = path.join(file('a-file', ''), 'data')
    for (const data of [below, '/proc/liquidus/data']) {
      expect(await refusalOf(['start', ...QUIET, '--data', data, ...FREE_PORTS], 1)).toMatch(
        new RegExp(`data directory ${data} is not writable \\(.+\\); choose another with --data`),
      )
    }
    const record = ['plant', '--record', below, '--hours', '0.01', '--cells', '1']
    expect(await refusalOf(record, 1)).toMatch(
      new RegExp(`cannot write ${below}: a part of the path is a file`),
    )
  })

  it('refuses a data file that is none', async () => {
    mkdirSync(at('garbage'))
    file('garbage/liquidus.mdb', Buffer.alloc(65_536, 0x5a))
    expect(await refusalOf(['start', ...QUIET, '--data', at('garbage'), ...FREE_PORTS], 1)).toMatch(
      /garbage\/liquidus\.mdb is not a data file of this engine/,
    )
  })

  it('names what is wrong with a recording, down to the line of the file', async () => {
    const good = Array.from({ length: 600 }, (_, i) => `${1_700_000_000 + i},1,2`)
    const csv = (...last: string[]) => ['timestamp,a,b', ...good, ...last, ''].join('\n')
    mkdirSync(at('empty-folder'))
    const cases: readonly (readonly [string, RegExp])[] = [
      [file('ragged.csv', csv('1700001000,1')), /line 602: 2 fields where the header has 3/],
      [file('text.csv', csv('1700001000,1,oops')), /602: "oops" in column "b" is no number/],
      [file('time.csv', csv('yesterday,1,2')), /line 602: "yesterday" is no time/],
      [file('plain.csv.gz', csv()), /cannot read .*plain\.csv\.gz: incorrect header check/],
      [
        file('cut.csv.gz', gzipSync(csv()).subarray(0, 400)),
        /cut\.csv\.gz: unexpected end of file/,
      ],
      [file('empty.csv', ''), /empty\.csv, line 1: the file is empty/],
      [at('nowhere.csv'), /cannot read .*nowhere\.csv: there is no such file/],
      [at('empty-folder'), /cannot read .*empty-folder: no \.csv or \.csv\.gz in it/],
    ]
    const grpc = engine.grpc
    for (const [recording, words] of cases) {
      const line = path.basename(recording).replaceAll('.', '-')
      const args = ['replay', recording, '--line', line, '--grpc', grpc, '--speed', 'max', '--json']
      expect(await refusalOf(args, 1)).toMatch(words)
    }
    const replay = ['replay', file('good.csv', csv()), '--grpc', grpc, '--speed', 'max', '--json']
    expect(await refusalOf([...replay, '--line', 'No Line'], 1)).toMatch(/line "No Line": a name/)
    expect(await refusalOf(replay, 2)).toMatch(/name the line with --line NAME/)
    expect(await refusalOf([...replay, '--line', 'x', '--tls-ca', at('no.pem')], 1)).toMatch(
      /cannot read .*no\.pem/,
    )
    const done = await liquidus([...replay, '--line', 'good']).done
    expect(JSON.parse(done.stdout)).toMatchObject({ sent: 1200, acknowledged: 1200, rejected: 0 })
    expect(await getJson(`${engine.http}/health`)).toMatchObject({ status: 'ok' })
  })

  it('says that nobody answers at an address', async () => {
    const good = file('one.csv', 'timestamp,a\n1700000000,1\n')
    const replay = ['replay', good, '--line', 'x', '--grpc', `127.0.0.1:1`]
    expect(await refusalOf(replay, 1)).toMatch(/no engine answers at 127\.0\.0\.1:1 .*npm start/)
  })
})
