/**
 * A process to be killed: appends and commits until then, and prints what is durable.
 * Arguments: module of the store, name of its open function, its options as JSON.
 * Entry n holds patternBytes(n); commit k holds position 4k, patternBytes(4k) and event k.
 */
import { writeSync } from 'node:fs'
import type { OutputEvent } from '../flow.ts'
import { patternBytes } from './pattern.ts'
import type { Store } from './port.ts'

export const CRASH_LINE = 'plant/crash'
export const ENTRY_BYTES = 5000
export const STATE_BYTES = 65_536
export const APPENDS_PER_COMMIT = 4

const [, script, module, factory, options] = process.argv
if (script?.endsWith('crash-writer.ts') && module && factory && options) {
  const opened = await import(module)
  await writeForEver(await opened[factory](JSON.parse(options)))
}

async function writeForEver(store: Store): Promise<never> {
  const { fence, log_end, outbox_end } = await store.acquire(CRASH_LINE)
  let offset = outbox_end
  // A run that was killed between its appends left a round half done.
  for (let next = log_end + 1; ; ) {
    const end = (offset + 1) * APPENDS_PER_COMMIT
    const appends = []
    while (next <= end) {
      const bytes = patternBytes(next++, ENTRY_BYTES)
      appends.push(
        store
          .append(CRASH_LINE, fence, bytes)
          .then(position => writeSync(1, `append ${position}\n`)),
      )
    }
    await Promise.all(appends)
    offset++
    const id = `a${offset}`
    const event = { channel: 'anomaly', id, body: { id } } as OutputEvent
    const state = patternBytes(end, STATE_BYTES)
    await store.commit(CRASH_LINE, { fence, position: end, state, events: [{ offset, event }] })
    writeSync(1, `commit ${end}\n`)
  }
}
