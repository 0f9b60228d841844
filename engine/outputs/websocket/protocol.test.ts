import { expect, test } from 'vitest'
import { fixtureEngine } from '../fixture.ts'
import { decodeTelemetry, encodeTelemetry, parseClientMessage, StatusBit } from './protocol.ts'

function encoded() {
  const engine = fixtureEngine(3)
  const line = engine.at('local', 'line-1')
  line.tick()
  const { frame, twin } = line.latest()!
  const bytes = encodeTelemetry({
    lineNumber: 7,
    cells: 3,
    sent_ms: 123,
    status: StatusBit.behind,
    behind_entries: 42,
    frame: { ...frame, closed: 'grace' },
    twin,
    scores: line.scores(),
  })
  return { bytes, frame, twin }
}

test('telemetry is read as it was written, to float precision', () => {
  const { bytes, frame, twin } = encoded()
  const got = decodeTelemetry(bytes.buffer)!
  expect(got).toMatchObject({
    lineNumber: 7,
    cells: 3,
    sent_ms: 123,
    status: StatusBit.behind,
    behind_entries: 42,
    closed: 'grace',
    tick: frame.tick,
    time_ms: frame.time_ms,
  })
  const floats = ['estimate', 'std', 'observed', 'expected', 'expected_std', 'residual'] as const
  for (const name of floats) expect(got[name], name).toEqual(Float32Array.from(twin[name]))
  expect(got.scores).toEqual(Float32Array.of(0.1, 0.1, 0.1))
  for (const name of ['observable', 'trusted', 'masked'] as const) {
    expect(got[name], name).toEqual(twin[name])
  }
  expect(got.std[3]).toBeNaN()
})

test('a message that is cut short, longer, foreign or of another version is not telemetry', () => {
  const { bytes } = encoded()
  expect(decodeTelemetry(bytes.buffer.slice(0, -1))).toBeUndefined()
  expect(decodeTelemetry(bytes.buffer.slice(0, 20))).toBeUndefined()
  expect(decodeTelemetry(new Uint8Array([...bytes, 0]).buffer)).toBeUndefined()
  for (const at of [0, 4, 5]) {
    const changed = bytes.slice()
    changed[at] = 99
    expect(decodeTelemetry(changed.buffer), `byte ${at}`).toBeUndefined()
  }
})

test('only well-formed client messages are taken, and nothing else of them', () => {
  const resume = { epoch: 'e', offset: 3 }
  const good = [
    { type: 'subscribe', line: 'a' },
    { type: 'subscribe', line: 'a', resume },
    { type: 'subscribe', line: 'a', progress: true },
    { type: 'subscribe', line: 'a', resume, progress: false },
    { type: 'unsubscribe', line: 'a' },
    { type: 'visibility', hidden: true },
  ]
  for (const message of good) {
    expect(parseClientMessage(JSON.stringify({ ...message, more: 1 }))).toEqual(message)
  }
  const bad = [
    '',
    'null',
    '[]',
    '{"type":"subscribe"}',
    '{"type":"subscribe","line":5}',
    '{"type":"subscribe","line":"a","resume":{"epoch":"e","offset":-1}}',
    '{"type":"subscribe","line":"a","resume":{"epoch":"e","offset":1.5}}',
    '{"type":"subscribe","line":"a","resume":null}',
    '{"type":"subscribe","line":"a","progress":1}',
    '{"type":"visibility","hidden":"yes"}',
    '{"type":"decide","line":"a"}',
    `{"type":"subscribe","line":"${'x'.repeat(201)}"}`,
  ]
  for (const text of bad) expect(parseClientMessage(text), text).toBeUndefined()
})
