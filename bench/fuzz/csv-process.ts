/** Feeds files to the CSV readers, in a process of its own that they may bring down. */
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { LiquidusError, problemOf } from '#engine/core/errors.ts'
import { type Random, seededRandom } from '#engine/core/random.ts'
import { channelsOf, readTable, runOf } from '#engine/evaluation/table.ts'
import { openRecording } from '#engine/replay/open.ts'
import { csvInput } from './csv-input.ts'
import { mutateBytes } from './mutate.ts'
import { tally } from './tally.ts'

/** What the process is told. */
export interface CsvOrders {
  readonly directory: string
  readonly seed: number
  readonly inputs: number
}

/** What it tells back, now and then and at its end. */
export interface CsvReport {
  readonly done: number
  readonly accepted: number
  readonly rejected: number
  readonly without_reason: number
  readonly reasons: readonly (readonly [string, number])[]
  readonly violations: readonly string[]
}

const REPORT_EVERY = 500
const READ_WITHIN_MS = 10_000
const OPTIONS = { line: 'fuzz', tenant: 'local', ignore: [], units: new Map<string, string>() }

async function replay(file: string): Promise<void> {
  const { source } = await openRecording(file, OPTIONS)
  for await (const readings of source.readings()) if (readings.length > 1e6) return
}

async function score(file: string): Promise<void> {
  const table = readTable(file)
  runOf(table, channelsOf(table, []))
}

async function read(random: Random, directory: string): Promise<void> {
  const bytes = csvInput(random)
  const zipped = random.uniform() < 0.1
  const file = path.join(directory, zipped ? 'input.csv.gz' : 'input.csv')
  const packed = zipped ? gzipSync(bytes) : bytes
  writeFileSync(file, zipped && random.uniform() < 0.5 ? mutateBytes(packed, random) : packed)
  await (random.uniform() < 0.5 ? replay(file) : score(file))
}

async function run({ directory, seed, inputs }: CsvOrders): Promise<void> {
  const counted = tally()
  const all = seededRandom(seed).fork('csv')
  const report = (done: number) => {
    const { accepted, rejected, without_reason, reasons, violations } = counted
    const told = { done, accepted, rejected, without_reason, violations }
    process.send?.({ ...told, reasons: [...reasons] } satisfies CsvReport)
  }
  for (let input = 0; input < inputs; input++) {
    const late = setTimeout(() => {
      counted.violate(`csv input ${input}: not read within ${READ_WITHIN_MS} ms`)
      report(input)
    }, READ_WITHIN_MS)
    try {
      await read(all.fork(String(input)), directory)
      counted.accept()
    } catch (error) {
      const known = error instanceof LiquidusError
      if (known) counted.reject(`${error.code}: ${error.message}`)
      else {
        counted.reject('')
        counted.violate(`csv input ${input}: ${problemOf(error)}`)
      }
    }
    clearTimeout(late)
    if (input % REPORT_EVERY === 0) report(input)
  }
  report(inputs)
}

const leave = () => process.exit(1)
process.on('disconnect', leave)
await run(JSON.parse(process.argv[2] ?? '') as CsvOrders)
process.off('disconnect', leave)
process.disconnect?.()
