import type { LineDefinition, LineFrame } from '../../flow.ts'
import { isShellTemperature } from '../../lines/potline.ts'
import type { Report } from '../finding.ts'
import { type Persistence, persistence, Verdict } from '../persistence.ts'
import type { Stateful } from '../state.ts'
import { type GaugeRow, gaugeRow } from './gauges.ts'

/** Watches the shell for one place that grows hotter than the others: its ledge is going. */
export interface ShellCheck extends Stateful {
  tick(frame: LineFrame, report: Report): void
}

const SCAN_S = 60
/** Scans from which the usual temperature of a place is first known. */
const MET_SCANS = 90
const USUAL_SCANS = (24 * 3600) / SCAN_S
const SHORT_SCANS = 5
/** Heat balance, effects and work warm all places alike; quiet days part them by 5 K at most. */
const HOT_K = 12
const COOL_K = 7
/** What is off by more than this is not learnt. */
const LEARN_K = 5
/** Fewer places do not tell which of them is the odd one. */
const PLACES_MIN = 3
const PLACES = [
  'bath height, side A',
  'bath height, side B',
  'metal height, side A',
  'metal height, side B',
]

interface Shell {
  readonly places: number
  readonly row: GaugeRow
  readonly usual_K: Float64Array // [cell][place]
  readonly short_K: Float64Array // [cell][place]
  readonly scans: Float64Array // [cell]
  readonly hot: Persistence
  readonly off_K: Float64Array // [place], of the scan in hand
  readonly order_K: Float64Array // [place]
}

/** Shell checks of a line; silent where the shell is not measured at three places or more. */
export function shellCheck(definition: LineDefinition): ShellCheck {
  const cells = definition.cells.length
  const tags = definition.tags.flatMap(({ tag }, i) => (isShellTemperature(tag) ? [i] : []))
  const places = tags.length
  const state: Shell = {
    places,
    row: gaugeRow(tags, cells, definition.tick_ms),
    usual_K: new Float64Array(cells * places),
    short_K: new Float64Array(cells * places),
    scans: new Float64Array(cells),
    hot: persistence(cells, 900, 3600),
    off_K: new Float64Array(places),
    order_K: new Float64Array(places),
  }
  const { usual_K, short_K, scans, hot, row } = state
  const arrays = [usual_K, short_K, scans]
  return {
    tick(frame, report) {
      if (places < PLACES_MIN) return
      for (let cell = 0; cell < cells; cell++) {
        if (row.isNew(frame, cell)) judge(state, frame, cell, report)
      }
    },
    save(out) {
      for (const array of arrays) out.array(array)
      hot.save(out)
    },
    load(from) {
      for (const array of arrays) from.array(array)
      hot.load(from)
    },
  }
}

function judge(state: Shell, frame: LineFrame, cell: number, report: Report): void {
  const now_K = state.row.read(frame, cell)
  for (let place = 0; place < state.places; place++) if (Number.isNaN(now_K[place]!)) return
  const met = state.scans[cell]!
  const { hottest, more_K } = learn(state, cell, met, now_K)
  state.scans[cell] = Math.min(USUAL_SCANS, met + 1)
  if (met < MET_SCANS) return
  const { present, absent, unknown } = Verdict
  const verdict = more_K > HOT_K ? present : more_K < COOL_K ? absent : unknown
  const edge = state.hot.look(cell, verdict, SCAN_S)
  if (edge === '') return
  const active = edge === 'began'
  const where = PLACES[hottest] ?? `place ${hottest + 1}`
  const told = active
    ? {
        text: `shell at ${where} is ${more_K.toFixed(0)} K hotter than it was`,
        score: 0.9,
        causes: [
          { text: `ledge lost at ${where}`, weight: 0.8 },
          { text: 'side lining worn', weight: 0.2 },
        ],
      }
    : { text: '', score: 0, causes: [] }
  const place = { kind: 'ledge-loss', cell, tagIndex: -1, active, time_ms: frame.time_ms }
  report({ ...place, ...told, detector: 'process' })
}

/** Takes a scan; gives the hottest place and how far it is over what all places share. */
function learn(state: Shell, cell: number, met: number, now_K: Float64Array) {
  const { places, usual_K, short_K, off_K, order_K } = state
  const first = cell * places
  for (let place = 0; place < places; place++) {
    const i = first + place
    if (met === 0) {
      short_K[i] = now_K[place]!
      usual_K[i] = now_K[place]!
    }
    short_K[i]! += (now_K[place]! - short_K[i]!) / SHORT_SCANS
    off_K[place] = short_K[i]! - usual_K[i]!
  }
  order_K.set(off_K)
  order_K.sort()
  // The lower median: one hot place does not move it.
  const common_K = order_K[(places - 1) >> 1]!
  let hottest = 0
  for (let place = 0; place < places; place++) {
    const i = first + place
    if (Math.abs(off_K[place]! - common_K) < LEARN_K || met < MET_SCANS) {
      usual_K[i]! += (now_K[place]! - usual_K[i]!) / Math.min(USUAL_SCANS, met + 1)
    }
    if (off_K[place]! > off_K[hottest]!) hottest = place
  }
  return { hottest, more_K: off_K[hottest]! - common_K }
}
