import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { loadConfig } from './config.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'liquidus-config-'))
function file(value: unknown): string {
  const at = path.join(folder, `${Math.floor(Math.random() * 1e9)}.json`)
  writeFileSync(at, typeof value === 'string' ? value : JSON.stringify(value))
  return at
}

describe('loadConfig', () => {
  it('takes the collector from the environment, and wants one where batches are followed', () => {
    const environment = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318/' }
    const flags = { telemetry: { share: 0.1 } }
    const { telemetry } = loadConfig({ environment, flags })
    expect(telemetry).toEqual({ share: 0.1, otlp_url: 'http://collector:4318/v1/traces' })
    const otlp_url = 'http://other:4318/v1/traces'
    const own = loadConfig({ environment, flags: { telemetry: { otlp_url } } })
    expect(own.telemetry).toEqual({ share: 0, otlp_url })
    expect(() => loadConfig({ environment: {}, flags })).toThrow(/telemetry\.otlp_url.*is needed/)
  })

  it('takes limits by tenant', () => {
    const tenants = { plant: { readings_per_s_max: 1e5, streams_max: 4, connections_max: 9 } }
    expect(loadConfig({ environment: {}, flags: { tenants } }).tenants).toEqual(tenants)
    const wrong = { plant: { readings_per_s: 1 } }
    expect(() => loadConfig({ environment: {}, flags: { tenants: wrong } })).toThrow(
      /tenants\.plant\.readings_per_s/,
    )
  })

  it('takes flags over environment over file over defaults', () => {
    const config = loadConfig({
      file: file({ http_port: 1, grpc_port: 2, data: 'from-file' }),
      environment: { LIQUIDUS_HTTP_PORT: '3', LIQUIDUS_DATA: 'from-environment' },
      flags: { data: 'from-flag' },
    })
    expect(config).toMatchObject({
      http_port: 3,
      grpc_port: 2,
      data: 'from-flag',
      host: '127.0.0.1',
      store: 'lmdb',
    })
  })

  it('names an unknown key and its source, in the file, in a line of it, and in the environment', () => {
    const at = file({ htpp_port: 1 })
    expect(() => loadConfig({ file: at, environment: {} })).toThrow(
      expect.objectContaining({
        code: 'CONFIG_UNKNOWN_KEY',
        message: expect.stringMatching(new RegExp(`"htpp_port" in ${at}.*http_port`)),
      }),
    )
    const nested = file({ lines: [{ line: 'a', kind: 'generic', cells: 1, colour: 'red' }] })
    expect(() => loadConfig({ file: nested, environment: {} })).toThrow(/lines\.0\.colour/)
    expect(() => loadConfig({ environment: { LIQUIDUS_HTPP_PORT: '1' } })).toThrow(
      /LIQUIDUS_HTPP_PORT/,
    )
  })

  it('names the key of a wrong value', () => {
    expect(() => loadConfig({ environment: {}, flags: { http_port: 70000 } })).toThrow(/http_port/)
    expect(() =>
      loadConfig({
        file: file({ lines: [{ line: 'A B', kind: 'generic', cells: 1 }] }),
        environment: {},
      }),
    ).toThrow(/lines\.0\.line/)
  })

  it('says why a file cannot be read', () => {
    expect(() => loadConfig({ file: '/nowhere.json', environment: {} })).toThrow(/no such file/)
    expect(() => loadConfig({ file: file('{"a":'), environment: {} })).toThrow(/cannot read/)
    expect(() => loadConfig({ file: file('[1]'), environment: {} })).toThrow(/one JSON object/)
  })

  it('takes Redis from REDIS_URL and asks for the address when Redis is chosen without one', () => {
    expect(loadConfig({ environment: { REDIS_URL: 'redis://127.0.0.1:1' } }).store).toBe('redis')
    expect(() => loadConfig({ environment: {}, flags: { store: 'redis' } })).toThrow(/redis_url/)
  })
})
