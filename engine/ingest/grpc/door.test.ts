import { expect, it } from 'vitest'
import { lineProposal } from '#engine/client/line-proposal.ts'
import { systemClock } from '../../core/clock.ts'
import type { LineDefinition, LineIntake } from '../../flow.ts'
import { memoryIntake } from '../memory-intake.ts'
import { tenantAllowances } from './allowance.ts'
import { type Door, enter, isRefusal } from './door.ts'
import { IDENTITY, log, POTLINE } from './door-fixture.ts'
import { defaultLimits } from './limits.ts'
import { livePrecedence } from './precedence.ts'

/** A door whose lines take a while to be created; `fails` is asked at their end. */
function slowDoor(lines_max: number, fails: () => boolean) {
  const made = memoryIntake({ tenant: 'plant', definitions: [] })
  const opening = new Map<string, Promise<LineIntake>>()
  const create = async (definition: LineDefinition) => {
    await new Promise(resolve => setTimeout(resolve, 5))
    if (fails()) throw new Error('no room')
    return made.create(IDENTITY, definition)
  }
  const door: Door = {
    intake: {
      find: made.find,
      lineNames: tenant => [...new Set([...made.lineNames(tenant), ...opening.keys()])],
      create(_, definition) {
        const { line } = definition
        const opened = opening.get(line) ?? create(definition).finally(() => opening.delete(line))
        opening.set(line, opened)
        return opened
      },
    },
    ...{ log, authenticate: () => IDENTITY, mayWrite: () => true, clock: systemClock },
    limits: defaultLimits,
    allowances: tenantAllowances(() => ({ lines_max }), systemClock),
    precedence: livePrecedence(systemClock),
  }
  const hello = (line: string) =>
    enter(door, IDENTITY, { producer: 'p', line, proposal: lineProposal(POTLINE) } as never)
  return { hello, names: () => made.lineNames('plant') }
}

it('lets a tenant have no more lines than it may, also when they are proposed at once', async () => {
  const { hello, names } = slowDoor(2, () => false)
  const answers = await Promise.all(Array.from({ length: 12 }, (_, i) => hello(`l${i}`)))
  expect(names()).toEqual(['l0', 'l1'])
  const refused = answers.filter(isRefusal)
  expect(refused).toHaveLength(10)
  expect(refused[0]!.details).toContain('has 2 lines, all it may')
})

it('lets all who propose the same line at once into it', async () => {
  const { hello, names } = slowDoor(1, () => false)
  const answers = await Promise.all([hello('one'), hello('one'), hello('other')])
  expect(answers.map(isRefusal)).toEqual([false, false, true])
  expect(names()).toEqual(['one'])
})

it('counts no line that could not be created', async () => {
  let fails = true
  const { hello, names } = slowDoor(1, () => fails)
  expect(isRefusal(await hello('one'))).toBe(true)
  fails = false
  expect(isRefusal(await hello('other'))).toBe(false)
  expect(names()).toEqual(['other'])
})
