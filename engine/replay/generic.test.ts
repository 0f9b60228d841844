import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { genericSource } from './generic.ts'
import { recordedFrames } from './offline.ts'
import { openRecording } from './open.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'liquidus-generic-'))
const options = { line: 'rig', tenant: 'local', ignore: ['note'], units: new Map([['p', 'kPa']]) }

function file(name: string, text: string): string {
  const at = path.join(folder, name)
  writeFileSync(at, text)
  return at
}

async function readingsOf(at: string) {
  const source = await genericSource([at], options)
  const readings = []
  for await (const chunk of source.readings()) readings.push(...chunk)
  return { source, readings }
}

describe('genericSource', () => {
  it('makes a tag of each numeric column and leaves labels, text and ignored columns out', async () => {
    const at = file(
      'a.csv',
      'datetime,p,q,anomaly,note,shift\n' +
        '2020-03-09 10:00:00,1,,0,7,early\n2020-03-09 10:00:02,2,5,1,7,late\n',
    )
    const { source, readings } = await readingsOf(at)
    expect(source.definition).toMatchObject({
      kind: 'generic',
      clock: 'stream',
      origin: 'recorded',
      tick_ms: 2000,
      cells: ['rig'],
    })
    expect(source.definition.tags.map(tag => [tag.tag, tag.unit])).toEqual([
      ['p', 'kPa'],
      ['q', '1'],
    ])
    expect(source.notes.length).toBe(3)
    expect(readings.map(one => one.value)).toEqual([1, Number.NaN, 2, 5])
    expect(readings[0]!.time_ms).toBe(Date.UTC(2020, 2, 9, 10))
  })

  it('joins a date column and a time column', async () => {
    const at = file('b.csv', 'Date,Time,p\n2017/12/22,10:49:41,1\n2017/12/22,10:50:12,2\n')
    const { source, readings } = await readingsOf(at)
    expect(source.definition.tick_ms).toBe(31_000)
    expect(readings[0]!.time_ms).toBe(Date.UTC(2017, 11, 22, 10, 49, 41))
  })

  it('names file and row of text where a number belongs and of a time that is none', async () => {
    const rows = Array.from({ length: 500 }, (_, i) => `${1_600_000_000 + i},${i}`)
    const text = file('c.csv', `time,p\n${rows.join('\n')}\n1600001000,oops\n`)
    await expect(readingsOf(text)).rejects.toThrow(/c\.csv, line 502: "oops" in column "p"/)
    const time = file('d.csv', `time,p\n${rows.join('\n')}\nnoon,1\n`)
    await expect(readingsOf(time)).rejects.toThrow(/d\.csv, line 502: "noon" is no time/)
  })

  it('says which column it looked for a time in', async () => {
    const at = file('e.csv', 'p,q\na,1\n')
    await expect(genericSource([at], options)).rejects.toThrow(/no time in column "p"/)
  })
})

describe('recordedFrames', () => {
  it('gives the frames of a recording in SI, each a copy', async () => {
    const rows = Array.from({ length: 5 }, (_, i) => `${1_600_000_000 + i},${i}`)
    const at = file('f.csv', `time,p\n${rows.join('\n')}\n`)
    const { source } = await openRecording(at, options)
    const frames = []
    for await (const frame of recordedFrames(source)) frames.push(frame)
    expect(frames.map(frame => frame.values[0])).toEqual([0, 1000, 2000, 3000, 4000])
  })
})
