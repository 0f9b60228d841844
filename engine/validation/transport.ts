/** Section 5.3: alumina along the cell and dissolution, against exact solutions. */
import {
  type TransportCase,
  type TransportOrder,
  transportCases,
  transportOrders,
} from '#twin-models/kernels/transport-cases.ts'
import { atLeast, type Check, type CheckGroup, near, nearShare } from './check.ts'

/** Pulses, fronts, feeders, mass and grains. */
export const transportGroup: CheckGroup = {
  section: '5.3',
  title: 'Alumina along the cell',
  run: () => transportCases().map(checkOf),
}

/** Observed orders over at least four grids and four steps. */
export const transportOrderGroup: CheckGroup = {
  section: '5.3',
  title: 'Alumina along the cell: order of convergence',
  run: () => transportOrders().map(orderOf),
}

function checkOf({ id, text, unit, ...rest }: TransportCase): Check {
  const claim = { id: `5.3-${id}`, text: unit === '1' ? text : `${text}, ${unit}`, ...rest }
  return claim.expected === 0 ? near(claim) : nearShare(claim)
}

function orderOf({ id, text, sizes, orders, design }: TransportOrder): Check {
  return atLeast({
    id: `5.3-${id}`,
    text: `order, ${text}, ${sizes.length} sizes`,
    expected: design,
    got: orders.at(-1)!,
    tolerance: 0.15,
    source: 'design of the scheme',
  })
}
