import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, test } from 'vitest'
import { openRecording } from './open.ts'

/** Reads a recording of two cells whose fast.csv holds these rows. */
async function readFast(...rows: readonly string[]): Promise<number> {
  const folder = mkdtempSync(path.join(tmpdir(), 'liquidus-potline-'))
  try {
    writeFileSync(path.join(folder, 'cells.json'), '{"cells":2,"feeders":2}')
    const fast = ['t_ms,cell,V,I_kA,beam_mm', '0,0,4.2,350,20', ...rows, '']
    writeFileSync(path.join(folder, 'fast.csv'), fast.join('\n'))
    const options = { line: 'x', tenant: 'local', ignore: [], units: new Map() }
    const { source } = await openRecording(folder, options)
    let count = 0
    for await (const chunk of source.readings()) count += chunk.length
    return count
  } finally {
    rmSync(folder, { recursive: true })
  }
}

test('a row gives voltage and beam of its cell, and the first cell the current', async () => {
  expect(await readFast('0,1,4.3,350,21')).toBe(5)
})

test('a row whose time, cell or value cannot be is named', async () => {
  await expect(readFast('1e400,1,4.3,350,21')).rejects.toThrow(
    /fast\.csv, line 3: "1e400" in column "t_ms" is no time/,
  )
  await expect(readFast(',1,4.3,350,21')).rejects.toThrow(/line 3: "" in column "t_ms" is no time/)
  for (const cell of ['2', '-1', '0.5', '']) {
    await expect(readFast(`0,${cell},4.3,350,21`), cell).rejects.toThrow(
      /line 3: cell .+ is not one of the 2 cells/,
    )
  }
  await expect(readFast('0,1,oops,350,21')).rejects.toThrow(
    /line 3: "oops" in column "V" is no number/,
  )
})
