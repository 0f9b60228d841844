import { expect, it } from 'vitest'
import type { LogEntry } from './flow.ts'
import { foldBuilder } from './folding.ts'
import { entriesOf, plantRun, runEntries } from './lines/rewind-fixture.ts'
import type { LineModels } from './training/shelf.ts'

const { definition, series, rows } = plantRun({ cells: 2, seconds: 200, faults: '' })
const batches = entriesOf(series, rows, () => Math.ceil(rows.length / 40))

/** A registry whose models score nothing, and lead where the log names them. */
const fold = foldBuilder({
  inForce: () => ({ model: 'none' }),
  forLine(): LineModels {
    let sha256 = ''
    return {
      ...{ lead: undefined, second: undefined },
      leading: () => ({ sha256, record: undefined }),
      put(named) {
        sha256 = named.model_sha256 ?? ''
      },
    }
  },
})

it('a kill at any moment about a change of models leads to the same state', async () => {
  const entries: LogEntry[] = [...batches]
  const version = (model_sha256: string): LogEntry => ({
    ...{ kind: 'version', versions: { model: 'm/1', model_sha256 } },
  })
  // Between the looks at 60, 120 and 180 s: to another model, and there and back.
  entries.splice(0, 0, version('a'))
  entries.splice(17, 0, version('b'))
  entries.splice(29, 0, version('c'))
  entries.splice(30, 0, version('b'))
  const whole = await runEntries(definition, entries, new Set(), fold)
  for (const cut of [1, 14, 17, 18, 20, 22, 28, 29, 30, 31, 33]) {
    const killed = await runEntries(definition, entries, new Set([cut]), fold)
    expect([cut, killed.state]).toEqual([cut, whole.state])
  }
}, 20_000)
