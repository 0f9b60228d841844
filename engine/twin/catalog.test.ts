import { describe, expect, it } from 'vitest'
import { createTwin } from './catalog.ts'
import { emptyFrame } from './contract.ts'
import { potlineField } from './potline/fields.ts'
import { testLine } from './potline/test-plant.ts'

describe('the catalogue of twins', () => {
  it('takes the twin by the kind of the line', () => {
    const line = testLine(2)
    const names = createTwin(line).fields.map(field => field.name)
    expect(names).toEqual(Object.values(potlineField))
    const generic = createTwin({ ...line, kind: 'generic' })
    expect(generic.fields.map(field => field.name)).toContain('cell_voltage_V')
    expect(generic.forecast(0, {}, 60, 10)).toBeUndefined()
    expect(createTwin({ ...line, kind: 'air' }).version).toBe('air-1')
    expect(createTwin({ ...line, kind: 'machine' }).version).toBe('machine-1')
  })

  it('keeps two twins of one process apart', () => {
    const line = testLine(1)
    const one = createTwin(line)
    const other = createTwin(line)
    const before = Buffer.from(other.snapshot())
    one.step(emptyFrame(line, 0))
    expect(Buffer.from(other.snapshot()).equals(before)).toBe(true)
  })
})
