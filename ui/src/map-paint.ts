import type { AlarmRecord } from '#engine/flow.ts'
import type { Telemetry } from '#engine/outputs/websocket/protocol.ts'
import { isUnacknowledged, priorityNumber } from './alarm-state.ts'
import { shortCellName } from './client.ts'
import {
  isDark,
  type MapColumn,
  type MapVariable,
  RAMP_MAX_SIGMA,
  rampColour,
} from './deviation.ts'
import { formatSigned, formatValue, NOTHING } from './format.ts'
import type { CellBox, MapLayout } from './map-layout.ts'
import { PRIORITY_COLOURS, PRIORITY_PATHS, PRIORITY_TEXT_Y } from './priority-mark.tsx'

const FONT = 'system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif'
const INK = '#22272b'
const INK_SOFT = '#4c5358'
const EDGE = '#868c91'
const INK_OLD = '#565c61'
/** The first of these font sizes that fits is used. */
const TEXT_SIZES = [13, 11, 10]
const FLASH_OFF_ALPHA = 0.3
const NAME_SIZES = [11, 10, 9]
/** A narrower aisle has no room for words, only for the names of its row. */
const AISLE_TEXT_MIN = 20
/** Lower cells hold one thing: their name, or the sign of their alarm. */
const HEIGHT_LOW = 40
/** Narrower cells have their alarm sign below the name instead of beside it. */
const SIGN_BESIDE_MIN = 44

/** Everything one picture of the map depends on. */
export interface MapPicture {
  readonly layout: MapLayout
  readonly cells: readonly string[]
  readonly telemetry: Telemetry | undefined
  readonly variable: MapVariable | undefined
  readonly column: MapColumn | undefined
  readonly alarms: ReadonlyMap<string, AlarmRecord>
  readonly focused: number
  readonly hasFocus: boolean
  readonly flashOn: boolean
  readonly isPotline: boolean
  /** Values are too old to act on: greyed, alarms stay as they are. */
  readonly isOld: boolean
}

/** Paints the whole map; a few hundred cells take well under a frame. */
export function paintMap(context: CanvasRenderingContext2D, width: number, picture: MapPicture) {
  context.clearRect(0, 0, width, picture.layout.height)
  if (picture.isPotline) paintCurrent(context, picture)
  for (const box of picture.layout.boxes) paintCell(context, box, picture)
  const box = picture.layout.boxes[picture.focused]
  if (box && picture.hasFocus) {
    context.lineWidth = 2
    context.strokeStyle = '#101417'
    context.strokeRect(box.x - 2, box.y - 2, box.width + 4, box.height + 4)
  }
}

/** The way of the current: along one row, back along the next. */
function paintCurrent(context: CanvasRenderingContext2D, { layout, cells }: MapPicture) {
  const isDense = layout.aisle < AISLE_TEXT_MIN
  context.font = `${isDense ? 10 : 11}px ${FONT}`
  context.textAlign = 'left'
  context.textBaseline = 'middle'
  for (let row = 0; row < layout.rows; row++) {
    const boxes = layout.boxes.filter(box => box.row === row)
    const first = boxes.reduce((a, b) => (a.x < b.x ? a : b))
    const last = boxes.reduce((a, b) => (a.x > b.x ? a : b))
    const y = first.y - layout.aisle / 2
    const right = last.x + last.width
    const forward = row % 2 === 0
    context.strokeStyle = EDGE
    context.lineWidth = 1
    context.beginPath()
    context.moveTo(first.x + 92, y)
    context.lineTo(right, y)
    const tip = forward ? right : first.x + 92
    const back = forward ? -6 : 6
    context.moveTo(tip + back, y - 4)
    context.lineTo(tip, y)
    context.lineTo(tip + back, y + 4)
    context.stroke()
    context.fillStyle = INK_SOFT
    const names = [first, last].map(({ cell }) => shortCellName(cells[cell]!))
    const text = isDense ? names.join(' to ') : `Row ${row + 1}, current`
    context.fillText(text, first.x, y)
  }
}

function paintCell(context: CanvasRenderingContext2D, box: CellBox, picture: MapPicture) {
  const { cell, x, y, width, height } = box
  const name = picture.cells[cell]!
  const deviation = picture.column?.deviation[cell] ?? Number.NaN
  const known = Number.isFinite(deviation)
  const observable = picture.column?.observable[cell] === 1
  const coloured = known && observable && !picture.isOld
  context.fillStyle = coloured ? rampColour(deviation) : '#cfd2d4'
  context.fillRect(x, y, width, height)
  if (!known || !observable) paintHatch(context, box)
  const alarm = picture.alarms.get(name)
  const trusted = picture.telemetry ? picture.telemetry.trusted[cell] === 1 : true
  context.setLineDash(trusted ? [] : [4, 3])
  context.lineWidth = alarm ? 2 : 1
  context.strokeStyle = alarm ? PRIORITY_COLOURS[alarm.priority][0] : trusted ? EDGE : INK
  const inset = context.lineWidth / 2
  context.strokeRect(x + inset, y + inset, width - 2 * inset, height - 2 * inset)
  context.setLineDash([])
  const dark = coloured && isDark(deviation)
  paintText(context, box, picture, dark)
  if (height >= 60 && coloured) paintDeviationBar(context, box, deviation, dark)
  if (alarm) {
    // As pale as the marks of the page in between: a sign that is gone half the time is missed.
    context.globalAlpha = picture.flashOn || !isUnacknowledged(alarm) ? 1 : FLASH_OFF_ALPHA
    paintGlyph(context, box, alarm)
    context.globalAlpha = 1
  }
}

function paintText(
  context: CanvasRenderingContext2D,
  box: CellBox,
  picture: MapPicture,
  dark: boolean,
) {
  const { cell, x, y, width, height } = box
  context.textBaseline = 'alphabetic'
  context.textAlign = 'left'
  context.fillStyle = dark ? '#ffffff' : INK
  const isLow = height < HEIGHT_LOW
  const label = shortCellName(picture.cells[cell]!)
  const size = NAME_SIZES.find(each => {
    context.font = `${each}px ${FONT}`
    return context.measureText(label).width <= width - (isLow ? 2 : 6)
  })
  if (isLow) context.textAlign = 'center'
  if (size !== undefined && !(isLow && picture.alarms.has(picture.cells[cell]!)))
    context.fillText(label, isLow ? x + width / 2 : x + 4, isLow ? y + height / 2 + 4 : y + 14)
  if (isLow || !picture.variable || !picture.column) return
  const text = cellText(picture.variable, picture.column, cell)
  if (picture.isOld) context.fillStyle = INK_OLD
  context.textAlign = 'center'
  for (const size of TEXT_SIZES) {
    context.font = `600 ${size}px ${FONT}`
    if (context.measureText(text).width > width - 2) continue
    context.fillText(text, x + width / 2, y + height / 2 + 6)
    break
  }
}

/** What stands in a cell: the value in its unit, or the residual with its sign. */
export function cellText(variable: MapVariable, column: MapColumn, cell: number): string {
  const value = column.value[cell]!
  if (variable.source === 'residual')
    return Number.isFinite(value) ? formatSigned(value, 1) : NOTHING
  if (!column.observable[cell]) return 'n/o'
  return formatValue(variable.display, value)
}

/** A small bar from the middle: which way, and how far up to the end of the ramp. */
function paintDeviationBar(
  context: CanvasRenderingContext2D,
  box: CellBox,
  deviation: number,
  dark: boolean,
) {
  const middle = box.x + box.width / 2
  const half = box.width / 2 - 5
  const share = Math.max(-1, Math.min(1, deviation / RAMP_MAX_SIGMA))
  const y = box.y + box.height - 13
  context.fillStyle = dark ? '#ffffff' : INK_SOFT
  context.fillRect(Math.min(middle, middle + share * half), y, Math.abs(share * half), 4)
  context.fillRect(middle - 0.5, y - 3, 1, 10)
}

function paintHatch(context: CanvasRenderingContext2D, box: CellBox) {
  context.save()
  context.beginPath()
  context.rect(box.x, box.y, box.width, box.height)
  context.clip()
  context.strokeStyle = '#b3b8bc'
  context.lineWidth = 1
  context.beginPath()
  for (let at = -box.height; at < box.width; at += 7) {
    context.moveTo(box.x + at, box.y + box.height)
    context.lineTo(box.x + at + box.height, box.y)
  }
  context.stroke()
  context.restore()
}

function paintGlyph(context: CanvasRenderingContext2D, box: CellBox, alarm: AlarmRecord) {
  const size = Math.min(18, box.width - 6)
  const [fill, ink] = PRIORITY_COLOURS[alarm.priority]
  context.save()
  const isLow = box.height < HEIGHT_LOW
  const down = box.width < SIGN_BESIDE_MIN && box.height >= 60 ? 19 : 3
  const fromRight = isLow ? (box.width - size) / 2 : 3
  const fromTop = isLow ? (box.height - size) / 2 : down
  context.translate(box.x + box.width - size - fromRight, box.y + fromTop)
  context.scale(size / 16, size / 16)
  const path = new Path2D(PRIORITY_PATHS[alarm.priority])
  context.fillStyle = fill
  context.fill(path)
  context.strokeStyle = '#33383d'
  context.lineWidth = 0.8
  context.stroke(path)
  context.fillStyle = ink
  context.font = `700 10px ${FONT}`
  context.textAlign = 'center'
  context.fillText(String(priorityNumber(alarm.priority)), 8, PRIORITY_TEXT_Y[alarm.priority])
  context.restore()
}
