/** Section 5.4: the anode network. */
import { anodeCases } from '#twin-models/potline/cell/anodes-cases.ts'
import { type CheckGroup, near } from './check.ts'

/** Closed form, equal and uneven anodes. */
export const anodeGroup: CheckGroup = {
  section: '5.4',
  title: 'Anode current distribution',
  run: () => anodeCases().map(near),
}
