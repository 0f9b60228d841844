import { expect, it } from 'vitest'
import { plainLine } from './log.ts'

it('writes a log record as one plain line with its facts', () => {
  const json = JSON.stringify({ level: 40, time: 3_661_000, pid: 1, line: 'a', msg: 'is late' })
  expect(plainLine(json)).toBe('01:01:01 WARN  is late line=a')
})
