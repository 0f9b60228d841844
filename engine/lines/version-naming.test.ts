import { describe, expect, it } from 'vitest'
import { LiquidusError } from '../core/errors.ts'
import type { LogEntry } from '../flow.ts'
import { patience } from './patience.ts'
import { versionNaming } from './version-naming.ts'
import type { Versions } from './versions.ts'

const away = () =>
  new LiquidusError('STORE_UNAVAILABLE', { store: 'lmdb', problem: 'away' }, { retry: true })

/** A log whose appends are decided one by one; `lost`: it was written and the answer was lost. */
function logOf(named: Versions, answers: ('written' | 'away' | 'lost' | 'broken')[]) {
  const log: unknown[] = []
  const tries: unknown[] = []
  let stopped = false
  let onTry = (_count: number) => {}
  const name = versionNaming({
    named,
    async append(entry: LogEntry) {
      const { model } = (entry as LogEntry & { kind: 'version' }).versions
      tries.push(model)
      await Promise.resolve()
      onTry(tries.length)
      const answer = answers.shift() ?? 'written'
      if (answer === 'written' || answer === 'lost') log.push(model)
      if (answer === 'broken') throw new Error('no such log')
      if (answer !== 'written') throw away()
    },
    patient: patience(
      () => false,
      () => {},
    ),
    stopped: () => stopped,
  })
  return {
    ...{ log, tries },
    name: (model: string) => name({ model }),
    onTry(then: (count: number) => void) {
      onTry = then
    },
    stop() {
      stopped = true
    },
  }
}

describe('versions named while the store is away', () => {
  it('stand in the log in the order in which they were named, the newest last', async () => {
    const { log, tries, name, onTry } = logOf({ model: 'a' }, ['away'])
    onTry(count => {
      if (count === 1) void name('c')
    })
    await name('b')
    expect(tries).toEqual(['b', 'c'])
    expect(log).toEqual(['c'])
  })

  it('are followed by a newer one that came while they were written', async () => {
    const { log, name, onTry } = logOf({ model: 'a' }, [])
    onTry(count => {
      if (count === 1) void name('c')
    })
    await name('b')
    expect(log).toEqual(['b', 'c'])
  })

  it('are taken back in the log, which may have them although it did not say so', async () => {
    const { log, name, onTry } = logOf({ model: 'a' }, ['lost'])
    onTry(count => {
      if (count === 1) void name('a')
    })
    await name('b')
    expect(log).toEqual(['b', 'a'])
  })
})

describe('versions of a line', () => {
  it('are written once while they are the same', async () => {
    const { log, name } = logOf({ model: 'a' }, [])
    await name('a')
    await Promise.all([name('b'), name('b')])
    await name('b')
    expect(log).toEqual(['b'])
  })

  it('are written again after a failure that does not pass, even those of before', async () => {
    const { log, name } = logOf({ model: 'a' }, ['broken'])
    await expect(name('b')).rejects.toThrow('no such log')
    await name('a')
    expect(log).toEqual(['a'])
  })

  it('are left alone once the line stopped', async () => {
    const { tries, name, stop } = logOf({ model: 'a' }, [])
    stop()
    await name('b')
    expect(tries).toEqual([])
  })
})
