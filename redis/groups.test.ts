import { expect, test } from 'vitest'
import { writeGroups } from './groups.ts'
import type { ScriptCall } from './scripts.ts'

const MIB = 1024 * 1024
const turn = () => new Promise(resolve => setImmediate(resolve))

const call = (label: string | number, size = 1): ScriptCall => ({
  ...{ name: 'append', keys: [String(label)], args: [new Uint8Array(size)] },
})

/** Groups whose answers come when the test gives them. */
function groupsWithAnswers() {
  const sent: { readonly labels: string[]; answer(replies?: unknown[]): void; fail(): void }[] = []
  const groups = writeGroups(calls => {
    const labels = calls.map(({ keys }) => keys[0])
    return new Promise((resolve, reject) => {
      sent.push({
        labels,
        answer: replies => resolve(replies ?? labels.map(label => [label])),
        fail: () => reject(new Error('gone')),
      })
    })
  })
  return { groups, sent }
}

test('calls of one turn go together, and each gets its own answer', async () => {
  const { groups, sent } = groupsWithAnswers()
  const replies = Promise.all([1, 2, 3].map(label => groups.run(call(label), 'now')))
  await turn()
  expect(sent.map(({ labels }) => labels)).toEqual([['1', '2', '3']])
  sent[0]!.answer()
  expect(await replies).toEqual([['1'], ['2'], ['3']])
})

test('with four groups under way calls gather until one is answered', async () => {
  const { groups, sent } = groupsWithAnswers()
  for (let label = 1; label <= 10; label++) {
    void groups.run(call(label), 'now')
    await turn()
  }
  expect(sent.map(({ labels }) => labels)).toEqual([['1'], ['2'], ['3'], ['4']])
  sent[0]!.answer()
  await turn()
  await turn()
  expect(sent.slice(4).map(({ labels }) => labels)).toEqual([['5', '6', '7', '8', '9', '10']])
})

test('large calls that nobody waits for take turns, behind the others', async () => {
  const { groups, sent } = groupsWithAnswers()
  for (const label of ['A', 'B', 'C']) void groups.run(call(label, 3 * MIB), 'later')
  for (const label of [1, 2]) void groups.run(call(label), 'now')
  await turn()
  expect(sent.map(({ labels }) => labels)).toEqual([['1', '2', 'A'], ['B'], ['C']])
})

test("a refusal is its own call's alone", async () => {
  const { groups, sent } = groupsWithAnswers()
  const replies = Promise.allSettled([1, 2, 3].map(label => groups.run(call(label), 'now')))
  await turn()
  sent[0]!.answer(['one', new Error('OOM command not allowed'), 'three'])
  expect(await replies).toMatchObject([
    { value: 'one' },
    { reason: { code: 'STORE_UNAVAILABLE', values: { problem: 'OOM command not allowed' } } },
    { value: 'three' },
  ])
})

test('what waits behind a group that nobody answers fails with it, and calls after that go on', async () => {
  const { groups, sent } = groupsWithAnswers()
  const told: string[] = []
  const run = (label: number) =>
    groups.run(call(label), 'now').then(
      () => told.push(`${label} done`),
      () => told.push(`${label} failed`),
    )
  for (let label = 1; label <= 6; label++) {
    void run(label)
    await turn()
  }
  sent[0]!.fail()
  await turn()
  expect(told).toEqual(['1 failed', '5 failed', '6 failed'])
  void run(7)
  await turn()
  sent.at(-1)!.answer()
  await turn()
  expect(sent.at(-1)!.labels).toEqual(['7'])
  expect(told.at(-1)).toBe('7 done')
})

test('calls that wait are bounded in bytes, and a closed one takes none', async () => {
  const { groups } = groupsWithAnswers()
  const unavailable = { code: 'STORE_UNAVAILABLE', retry: true }
  const fates: Promise<unknown>[] = []
  for (let i = 0; i < 5; i++) fates.push(groups.run(call(i, 64 * MIB), 'now').catch(error => error))
  await expect(groups.run(call('more'), 'now')).rejects.toMatchObject(unavailable)
  groups.close()
  await expect(groups.run(call('late'), 'now')).rejects.toMatchObject(unavailable)
  expect(await Promise.all(fates)).toMatchObject(fates.map(() => unavailable))
})
