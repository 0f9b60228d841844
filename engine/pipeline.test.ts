import { firstValueFrom, lastValueFrom, take, toArray } from 'rxjs'
import { describe, expect, it, vi } from 'vitest'
import type { LineChange, LineFrame } from './flow.ts'
import type { LogItem } from './lines/entry-queue.ts'
import type { CommitDraft, Step } from './lines/step.ts'
import { type LineStages, linePipeline } from './pipeline.ts'

const item = (position: number): LogItem => ({
  position,
  entry: { kind: 'close', tick: position, reason: 'grace' },
  size_bytes: 1,
})
const change = (tick: number): LineChange => ({
  ...{ tenant: 'local', line: 'l', ticked: true, tick, time_ms: tick, events: [] },
  ...{ position: tick, whole: true },
})

/** Stages that write down what happens; each entry makes two ticks. */
function stagesOver(chunks: readonly (readonly number[])[], change_: Partial<LineStages> = {}) {
  const told: string[] = []
  let next = 0
  const stages: LineStages = {
    async pull() {
      const chunk = chunks[next++]
      if (!chunk) return new Promise<never>(() => {})
      told.push(`pull ${chunk}`)
      return chunk.map(item)
    },
    *frames(one) {
      for (const half of [0, 1]) {
        const frame = { tick: 2 * one.position + half } as LineFrame
        yield { at: 'tick', frame, twin: undefined, events: [] }
      }
    },
    twin(frame) {
      told.push(`twin ${frame.tick}`)
      return { tick: frame.tick } as never
    },
    turn: work => work(),
    observe: () => undefined,
    anomaly: step => told.push(`anomaly ${tickOf(step)}`),
    advice: step => told.push(`advice ${tickOf(step)}`),
    async commit(draft: CommitDraft) {
      await new Promise(resolve => setTimeout(resolve, 5))
      told.push(`commit ${draft.position} of ${draft.ticks}`)
      return change(draft.position)
    },
    ...change_,
  }
  return { stages, told }
}

const tickOf = (step: Step) => (step.at === 'tick' ? step.frame.tick : step.at)

describe('linePipeline', () => {
  it('takes each step down all stages before the next, and pulls only after the commit', async () => {
    const { stages, told } = stagesOver([[1], [2]])
    const changes = await firstValueFrom(linePipeline(stages).pipe(take(2), toArray()))
    expect(changes.map(one => one.tick)).toEqual([1, 2])
    const chunk = (n: number) => [
      `pull ${n}`,
      ...[2 * n, 2 * n + 1].flatMap(t => [`twin ${t}`, `anomaly ${t}`, `advice ${t}`]),
      `commit ${n} of 2`,
    ]
    expect(told).toEqual([...chunk(1), ...chunk(2)])
  })

  it('commits a chunk of entries once, at the position of its last', async () => {
    const { stages, told } = stagesOver([[1, 2, 3]])
    await firstValueFrom(linePipeline(stages))
    expect(told.filter(one => one.startsWith('commit'))).toEqual(['commit 3 of 6'])
  })

  it('holds what follows while a step waits for its scores, of its own line alone', async () => {
    const waiting: (() => void)[] = []
    const held = stagesOver([[1], [2]], {
      observe: step =>
        step.frame.tick === 2 ? new Promise<void>(resolve => waiting.push(resolve)) : undefined,
    })
    const changes = firstValueFrom(linePipeline(held.stages).pipe(take(2), toArray()))
    const free = stagesOver([[1], [2]])
    await firstValueFrom(linePipeline(free.stages).pipe(take(2), toArray()))
    expect(held.told).toEqual(['pull 1', 'twin 2'])
    waiting[0]!()
    expect((await changes).map(one => one.tick)).toEqual([1, 2])
    expect(held.told).toEqual(free.told)
  })

  it('ends the line whose tick fails in its turn, and no other', async () => {
    const turns: (() => void)[] = []
    const turn = (work: () => void) => turns.push(work)
    const broken = stagesOver([[1]], {
      turn,
      twin() {
        throw new Error('not a number')
      },
    })
    const sound = stagesOver([[1]], { turn })
    const ends = lastValueFrom(linePipeline(broken.stages))
    const goesOn = firstValueFrom(linePipeline(sound.stages))
    await vi.waitFor(() => expect(turns).toHaveLength(2), 10_000)
    while (turns.length > 0) turns.shift()!()
    await expect(ends).rejects.toThrow('not a number')
    expect((await goesOn).tick).toBe(1)
  })

  it('ends the line whose scores fail, and lets go of one that is closed meanwhile', async () => {
    const fails = stagesOver([[1]], { observe: () => Promise.reject(new Error('no such row')) })
    await expect(lastValueFrom(linePipeline(fails.stages))).rejects.toThrow('no such row')
    let scored = () => {}
    const closed = stagesOver([[1]], {
      observe: () =>
        new Promise<void>(resolve => {
          scored = resolve
        }),
    })
    const running = linePipeline(closed.stages).subscribe()
    await vi.waitFor(() => expect(closed.told).toEqual(['pull 1', 'twin 2']), 10_000)
    running.unsubscribe()
    scored()
    await new Promise(resolve => setTimeout(resolve, 5))
    expect(closed.told).toEqual(['pull 1', 'twin 2'])
  })

  it('publishes nothing of a commit that fails, and ends', async () => {
    const seen: number[] = []
    const { stages, told } = stagesOver([[1], [2], [3]], {
      async commit(draft) {
        if (draft.position === 2) throw new Error('disk gone')
        return change(draft.position)
      },
    })
    const run = linePipeline(stages)
    await new Promise<void>(resolve => {
      run.subscribe({ next: one => seen.push(one.tick), error: () => resolve() })
    })
    expect(seen).toEqual([1])
    expect(told).not.toContain('pull 3')
  })

  it('ends the line whose stage throws, and no other', async () => {
    const broken = stagesOver([[1]], {
      twin() {
        throw new Error('not a number')
      },
    })
    const sound = stagesOver([[1], [2], [3]])
    const ends = lastValueFrom(linePipeline(broken.stages))
    const goesOn = firstValueFrom(linePipeline(sound.stages).pipe(take(3), toArray()))
    await expect(ends).rejects.toThrow('not a number')
    expect(broken.told.filter(one => one.startsWith('commit'))).toEqual([])
    expect((await goesOn).map(one => one.tick)).toEqual([1, 2, 3])
  })
})
