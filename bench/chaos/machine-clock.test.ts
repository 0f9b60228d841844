import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { machineClock } from './machine-clock.ts'

const directory = mkdtempSync(path.join(tmpdir(), 'liquidus-clock-'))
afterAll(() => rmSync(directory, { recursive: true }))

const HOUR_MS = 3600_000
/** Tells, when asked, how wrong its clock is by that of who asks, and how long it runs. */
const PROGRAM = `process.on('message', asked_ms =>
  process.send([Date.now() - asked_ms, performance.now()]))`

test('where the library is not, that is said', () => {
  expect(machineClock(directory, [])).toMatch(/apt-get install faketime/)
})

const clock = machineClock(directory)
if (typeof clock === 'string') test('clock jumps', ({ skip }) => skip(`not run: ${clock}`))
else {
  test('a running process meets the clock as it is set, and its durations stay right', async () => {
    const child = spawn(process.execPath, ['-e', PROGRAM], {
      env: { ...process.env, ...clock.environment },
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    const ask = () =>
      new Promise<[wrong_by_ms: number, runs_ms: number]>(resolve => {
        child.once('message', resolve as never)
        child.send(Date.now())
      })
    try {
      const hoursWrong: number[] = []
      const began_ms = performance.now()
      let ran_ms = 0
      for (const wrong_by_ms of [0, HOUR_MS, -HOUR_MS, 0]) {
        clock.set(wrong_by_ms)
        const [wrong, runs_ms] = await ask()
        hoursWrong.push(Math.round(wrong / HOUR_MS) + 0)
        expect(runs_ms).toBeGreaterThan(ran_ms)
        ran_ms = runs_ms
      }
      expect(hoursWrong).toEqual([0, 1, -1, 0])
      expect(ran_ms).toBeLessThan(performance.now() - began_ms + HOUR_MS / 2)
    } finally {
      child.kill('SIGKILL')
    }
  })
}
