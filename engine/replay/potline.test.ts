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

test('anode currents and shell temperatures of a recording are sent under their tags', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'liquidus-potline-'))
  const write = (name: string, ...lines: readonly string[]) =>
    writeFileSync(path.join(folder, name), [...lines, ''].join('\n'))
  try {
    const options = { line: 'x', tenant: 'local', ignore: [], units: new Map() }
    write('cells.json', '{"cells":2,"feeders":2}')
    write('fast.csv', 't_ms,cell,V,I_kA,beam_mm', '40,0,4.2,350,20')
    write('anodes.csv', 't_ms,cell,A1_kA,A2_kA', '-10,0,9.5,9.75', '30,1,9.25,')
    write('shell.csv', 't_ms,cell,bathA_C,bathB_C,metalA_C,metalB_C', '6,1,355,354,343,316')
    await expect(openRecording(folder, options)).rejects.toThrow(/cells\.json.*"anodes", 1 to 64/)
    write('cells.json', '{"cells":2,"feeders":2,"anodes":2}')
    const { source } = await openRecording(folder, options)
    const sent: string[] = []
    for await (const chunk of source.readings()) {
      for (const { ref, value } of chunk) {
        const { asset_path, tag, unit } = source.series[ref]!
        sent.push(`${asset_path} ${tag} ${value} ${unit}`)
      }
    }
    expect(source.notes).toEqual([])
    expect(source.definition.tags.some(({ tag }) => tag === 'shell_temperature_4')).toBe(true)
    expect(sent).toEqual([
      'cell-101 anode_current_01 9.5 kA',
      'cell-101 anode_current_02 9.75 kA',
      ...[355, 354, 343, 316].map((C, i) => `cell-102 shell_temperature_${i + 1} ${C} C`),
      'cell-102 anode_current_01 9.25 kA',
      'cell-102 anode_current_02 NaN kA',
      'cell-101 cell_voltage 4.2 V',
      'cell-101 beam_position 20 mm',
      ' line_current 350 kA',
    ])
  } finally {
    rmSync(folder, { recursive: true })
  }
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
