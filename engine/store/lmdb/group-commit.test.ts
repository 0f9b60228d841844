import { describe, expect, it } from 'vitest'
import { LiquidusError } from '../../core/errors.ts'
import { groupCommit } from './group-commit.ts'

/** A group commit whose transactions are written down instead of made durable. */
function recorded() {
  const groups: string[][] = []
  let running: string[] = []
  const group = groupCommit(
    async body => {
      await undefined
      return body()
    },
    {
      begin() {
        running = []
      },
      end() {
        groups.push(running)
      },
      undone() {
        groups.push(['undone'])
      },
    },
  )
  const note = (name: string) => () => {
    running.push(name)
  }
  return { groups, group, note }
}

const MIB = 1024 * 1024

describe('groupCommit', () => {
  it('puts what waits into one transaction, in call order', async () => {
    const { groups, group, note } = recorded()
    await Promise.all(['a', 'b', 'c'].map(name => group.run(1, note(name))))
    expect(groups).toEqual([['a', 'b', 'c']])
  })

  it('takes large writes a few at a time, so that the others do not wait for all of them', async () => {
    const { groups, group, note } = recorded()
    const large = ['A', 'B', 'C'].map(name => group.run(2 * MIB, note(name), 'later'))
    await Promise.all([...large, group.run(1, note('a')), group.run(1, note('b'))])
    expect(groups).toEqual([['a', 'b', 'A'], ['B'], ['C']])
  })

  it('tells when a transaction failed, and that of a refused operation goes on', async () => {
    const { groups, group, note } = recorded()
    const fail = (error: Error) => () => {
      throw error
    }
    const refusal = new LiquidusError('USAGE', { problem: 'not this one' })
    const results = await Promise.allSettled([
      group.run(1, note('a')),
      group.run(1, fail(refusal)),
      group.run(1, note('b')),
    ])
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    await expect(group.run(1, fail(new Error('disk')))).rejects.toThrow('disk')
    expect(groups).toEqual([['a', 'b'], ['undone']])
  })

  it('does what waits before its last operation, and nothing after it', async () => {
    const { groups, group, note } = recorded()
    const waiting = [group.run(2 * MIB, note('A'), 'later'), group.run(2 * MIB, note('B'), 'later')]
    const closed = group.close(note('last'))
    await expect(group.run(1, note('late'))).rejects.toThrow('it was closed')
    await Promise.all([...waiting, closed])
    expect(groups).toEqual([['A'], ['B'], ['last']])
  })
})
