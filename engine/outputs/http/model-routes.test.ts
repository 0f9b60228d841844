import { afterEach, expect, test } from 'vitest'
import { LiquidusError } from '../../core/errors.ts'
import { fixtureEngine, fixtureGuard } from '../fixture.ts'
import { silentLog } from '../log.ts'
import type { ModelOffices } from './model-routes.ts'
import { type HttpSink, httpSink } from './server.ts'

const open: HttpSink[] = []
afterEach(async () => {
  for (const sink of open.splice(0)) await sink.close()
})

const aliases = { champion: '1', challenger: '', shadow: '2' }

async function serve(mayMove = true) {
  const asked: string[] = []
  const models: ModelOffices = {
    mayMove: () => mayMove,
    inForce: () => ({ model: 'cells/1' }),
    proposals: () => [{ line: 'l', monitor: 'score', tag: '', time_ms: 5, text: 'moved' }],
    of: ({ tenant }) => ({
      list: async () => [{ name: 'cells', versions: ['1', '2'], aliases }],
      async show(name, version) {
        if (version === '9') {
          throw new LiquidusError('MODEL_INVALID', { model: name, problem: 'no such version' })
        }
        return { record: { training: { loss: [2, 1] } }, sha256: 'a', aliases: [], moves: [] }
      },
      async promote(name, version, alias, by, reason) {
        asked.push([tenant, name, version, alias, by, reason].join(' '))
        if (version === '2') {
          throw new LiquidusError('MODEL_REFUSED', { model: 'cells/2', problem: 'false events 3' })
        }
        return { name, aliases }
      },
      async rollback(name, by, reason) {
        asked.push([tenant, name, 'rollback', by, reason].join(' '))
        return { name, aliases }
      },
    }),
  }
  const parts = { host: '127.0.0.1', port: 0, engine: fixtureEngine(), log: silentLog }
  const sink = httpSink({ ...parts, guard: fixtureGuard(), models })
  open.push(sink)
  const { address } = await sink.start()
  const get = async (path: string) => (await fetch(address + path)).json()
  const post = (path: string, body: unknown) =>
    fetch(address + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
  return { asked, get, post }
}

test('models are listed with what is in force and what the drift monitors saw', async () => {
  const { get } = await serve()
  expect(await get('/api/models')).toEqual({
    models: [{ name: 'cells', versions: ['1', '2'], aliases }],
    in_force: { model: 'cells/1' },
    proposals: [{ line: 'l', monitor: 'score', tag: '', time_ms: 5, text: 'moved' }],
  })
  expect(await get('/api/models/cells/1')).toMatchObject({ record: { training: { loss: [2, 1] } } })
  expect((await get('/api/models/cells/9')).error).toMatchObject({ code: 'MODEL_INVALID' })
})

test('a promotion says who and why, and a refusal names the number', async () => {
  const { asked, post } = await serve()
  expect((await post('/api/models/cells/1/promote', { comment: 'good' })).status).toBe(200)
  expect((await post('/api/models/cells/rollback', { comment: 'loud' })).status).toBe(200)
  expect(asked).toEqual([
    'local cells 1 champion developer good',
    'local cells rollback developer loud',
  ])
  const refused = await post('/api/models/cells/2/promote', {})
  expect(refused.status).toBe(409)
  expect((await refused.json()).error).toEqual({
    code: 'MODEL_REFUSED',
    message: 'model cells/2 is not promoted: false events 3',
  })
  expect((await post('/api/models/cells/1/promote', { alias: 'king' })).status).toBe(400)
})

test('a role that may not move models is told so', async () => {
  const { asked, post } = await serve(false)
  expect((await post('/api/models/cells/1/promote', {})).status).toBe(403)
  expect((await post('/api/models/cells/rollback', {})).status).toBe(403)
  expect(asked).toEqual([])
})
