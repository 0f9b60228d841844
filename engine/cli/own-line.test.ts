import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { potlineTags } from '../lines/potline.ts'

const page = readFileSync(new URL('../../docs/own-line.md', import.meta.url), 'utf8')

it('tells of every tag of a potline its unit and range, as they are', () => {
  const rows = page.split('\n').filter(row => row.startsWith('| `'))
  for (const { tag, unit, low, high, scope } of potlineTags(1, {
    anodes: 1,
    shellTemperatures: 1,
  })) {
    const name = tag.replace(/_01$/, '_NN').replace(/_1$/, '_N')
    const row = rows.find(each => each.split('|')[1]!.includes(`\`${name}\``))
    expect(row, name).toContain(`| ${scope} | ${unit} | ${low} to ${high}`)
  }
})
