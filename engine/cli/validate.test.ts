import { afterEach, expect, test, vi } from 'vitest'
import { aluminaDecayGroup } from '../validation/alumina-decay.ts'
import { type CheckGroup, near } from '../validation/check.ts'
import { faradayGroup } from '../validation/facts.ts'
import { validateWith } from './validate.ts'

afterEach(() => vi.restoreAllMocks())

/** The Faraday group with its first number broken. */
const broken: CheckGroup = {
  ...faradayGroup,
  run() {
    const [first, ...rest] = faradayGroup.run()
    return [near({ ...first!, got: first!.got * 1.001 }), ...rest]
  },
}

async function run(groups: readonly CheckGroup[], options = {}) {
  let text = ''
  vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  vi.spyOn(process.stdout, 'write').mockImplementation(chunk => {
    text += String(chunk)
    return true
  })
  const code = await validateWith(groups).run(options, [])
  return { code, text }
}

test('whole numbers pass and the command ends well', async () => {
  const { code, text } = await run([faradayGroup, aluminaDecayGroup])
  expect(code).toBe(0)
  expect(text).toMatch(/^14 passed, 0 failed$/m)
  expect(text).toContain('2.2 Alumina after one shot: 10 ok')
})

test('one broken number makes the command fail and is pointed at', async () => {
  const { code, text } = await run([broken, aluminaDecayGroup], { failed: true })
  expect(code).toBe(1)
  expect(text).toContain('1 Faraday: 1 of 4 FAILED')
  expect(text.split('\n').filter(line => line.startsWith('FAILED'))).toHaveLength(1)
  expect(text).toMatch(/^13 passed, 1 failed$/m)
})

test('--json prints one object with exactly the promised fields', async () => {
  const { code, text } = await run([broken], { json: true })
  expect(code).toBe(1)
  const result = JSON.parse(text)
  expect(Object.keys(result)).toEqual(['passed', 'failed', 'checks'])
  expect(result).toMatchObject({ passed: 3, failed: 1 })
  for (const check of result.checks) {
    expect(Object.keys(check)).toEqual([
      'id',
      'expected',
      'got',
      'error',
      'tolerance',
      'source',
      'pass',
    ])
  }
  expect(result.checks[0].pass).toBe(false)
})

test('a section that has no checks is named, with those that have', async () => {
  await expect(run([faradayGroup], { section: '9' })).rejects.toThrow('--section 9')
  expect((await run([faradayGroup, aluminaDecayGroup], { section: '2' })).text).not.toContain(
    'Faraday',
  )
})
