import { fromSi, unitOf } from '#engine/core/units.ts'
import type { Quantity, TagDefinition } from '#engine/flow.ts'

/** What is shown where nothing is known. */
export const NOTHING = '–'

/** z of a two-sided 90 % band of a normal distribution: P05 to P95. */
export const Z_90 = 1.6449

const MINUS = '\u2212'
/** Larger numbers are read in groups of three, with a narrow space that breaks no line. */
const GROUPED_FROM = 100_000
const THIN_SPACE = '\u202f'
const THOUSANDS = /\B(?=(\d{3})+$)/g

/** A number with fixed decimals and a true minus sign; a dash where it is not finite. */
export function formatNumber(value: number | null | undefined, digits: number): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return NOTHING
  const text = value.toFixed(digits)
  if (Number(text) === 0) return text.replace('-', '')
  const [whole = '', rest] = text.replace('-', MINUS).split('.')
  const grouped = Math.abs(value) >= GROUPED_FROM ? whole.replace(THOUSANDS, THIN_SPACE) : whole
  return rest === undefined ? grouped : `${grouped}.${rest}`
}

/** A number with its sign always shown. */
export function formatSigned(value: number, digits: number): string {
  const text = formatNumber(value, digits)
  return value > 0 && Number(value.toFixed(digits)) !== 0 ? `+${text}` : text
}

/** How one series is read by people: shown = SI * scale + offset. */
export interface Display {
  readonly text: string
  readonly unit: string
  readonly scale: number
  readonly offset: number
  readonly digits: number
}

/** The display of a model quantity. */
export function displayOf(quantity: Quantity): Display {
  return { text: quantity.text, ...quantity.display }
}

/** The display of a tag, from its own unit and range. */
export function displayOfTag(tag: TagDefinition): Display {
  const unit = unitOf(tag.unit)
  const base = { text: tag.tag.replaceAll('_', ' '), unit: tag.unit }
  const digits = digitsFor(tag.high - tag.low)
  if (!unit) return { ...base, scale: 1, offset: 0, digits }
  return { ...base, scale: 1 / unit.scale, offset: -unit.offset / unit.scale, digits }
}

/** Decimals that give about four figures over a span. */
export function digitsFor(span: number): number {
  if (!(span > 0) || !Number.isFinite(span)) return 2
  return Math.max(0, Math.min(6, 3 - Math.floor(Math.log10(span))))
}

/** An SI value in display units. */
export function shown(display: Display, value: number): number {
  return value * display.scale + display.offset
}

/** An SI standard deviation in display units. */
export function shownSpread(display: Display, std: number): number {
  return std * Math.abs(display.scale)
}

/** As many of a display's decimals as a number this large can use: seven figures in all. */
export function digitsAt(display: Display, value: number): number {
  const whole = Math.abs(value) >= 1 ? Math.floor(Math.log10(Math.abs(value))) + 1 : 1
  return Number.isFinite(whole) ? Math.max(0, Math.min(display.digits, 7 - whole)) : display.digits
}

/** An SI value as text without its unit. */
export function formatValue(display: Display, value: number | undefined): string {
  if (value === undefined) return NOTHING
  const number = shown(display, value)
  return formatNumber(number, digitsAt(display, number))
}

/** The P05 to P95 band of an SI estimate as text, e.g. "6.1 to 10.4". */
export function formatBand(display: Display, value: number, std: number): string {
  if (!Number.isFinite(value) || !Number.isFinite(std)) return NOTHING
  const middle = shown(display, value)
  const half = Z_90 * shownSpread(display, std)
  const digits = digitsAt(display, middle)
  return `${formatNumber(middle - half, digits)} to ${formatNumber(middle + half, digits)}`
}

/** A unit as it is printed: "" for ratios, "°C" for "C". */
export function formatUnit(unit: string): string {
  if (unit === '1' || unit === '') return ''
  if (unit === 'C' || unit === 'degC') return '°C'
  if (unit === 'uOhm') return 'µΩ'
  return unit
    .replace(/^u(?=g)/, 'µ')
    .replace(/(?<=m)3\b/, '³')
    .replace(/(?<=s)2\b/, '²')
}

/** A value in a tag's unit from SI; the unit may be unknown to the engine. */
export function tagValue(value: number, unit: string): number {
  return unitOf(unit) ? fromSi(value, unit) : value
}

const clockFormat = new Intl.DateTimeFormat('en-GB', {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
})
const dateFormat = new Intl.DateTimeFormat('en-GB', {
  day: '2-digit',
  month: 'short',
  year: 'numeric',
})

const zoneFormat = new Intl.DateTimeFormat('en-GB', { timeZoneName: 'shortOffset' })

/** The zone that all times of the page are in, e.g. "UTC+1"; it changes with summer time. */
export function formatZone(time_ms: number): string {
  const parts = zoneFormat.formatToParts(Number.isFinite(time_ms) ? time_ms : 0)
  const name = parts.find(part => part.type === 'timeZoneName')?.value ?? ''
  return name.replace('GMT', 'UTC').replace(/[+-]0$/, '')
}

/** Local time of day, HH:MM:SS. */
export function formatClock(time_ms: number): string {
  return Number.isFinite(time_ms) && time_ms > 0 ? clockFormat.format(time_ms) : NOTHING
}

/** Local date, e.g. 04 Mar 2026. */
export function formatDate(time_ms: number): string {
  return Number.isFinite(time_ms) && time_ms > 0 ? dateFormat.format(time_ms) : NOTHING
}

/** The date in front of a time of day when it is not the date of `today_ms`, else ''. */
export function formatOtherDate(time_ms: number, today_ms: number): string {
  const date = formatDate(time_ms)
  return date === NOTHING || date === formatDate(today_ms) ? '' : date
}

/** A span of time, coarse as it gets longer: "0:42", "12:05", "3 h 20 min". */
export function formatSpan(span_ms: number): string {
  const total_s = Math.max(0, Math.floor(span_ms / 1000))
  if (total_s >= 36_000) return `${Math.floor(total_s / 3600)} h`
  const minutes = Math.floor((total_s % 3600) / 60)
  if (total_s >= 3600)
    return `${Math.floor(total_s / 3600)} h${minutes > 0 ? ` ${minutes} min` : ''}`
  return `${Math.floor(total_s / 60)}:${String(total_s % 60).padStart(2, '0')}`
}

/** How long ago, with its unit so that no clock time is read into it: "23 min". */
export function formatElapsed(age_ms: number): string {
  const age_s = Math.max(0, Math.floor(age_ms / 1000))
  if (age_s < 60) return `${age_s} s`
  if (age_s < 3600) return `${Math.floor(age_s / 60)} min`
  return `${formatNumber(age_s / 3600, age_s < 36_000 ? 1 : 0)} h`
}

/** Age of data: seconds with one decimal, then coarser. */
export function formatAge(age_ms: number): string {
  if (!Number.isFinite(age_ms)) return NOTHING
  return age_ms < 60_000 ? `${formatNumber(age_ms / 1000, 1)} s` : formatSpan(age_ms)
}

/** A setting such as an interval: "15 min", "1 h". */
export function formatInterval(span_ms: number): string {
  return span_ms < 3_600_000 && span_ms % 60_000 === 0
    ? `${span_ms / 60_000} min`
    : formatSpan(span_ms)
}

/** A name of the code as words: `base_feed_rate` -> "base feed rate". */
export function words(name: string): string {
  return name.replaceAll('_', ' ')
}

/** A phrase with its first letter large. */
export function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

const AXIS_DIGITS = [0, 1, 2, 3]

/** As many decimals as tell the marks apart; large numbers in thousands or millions. */
export function axisText(splits: readonly number[]): (value: number) => string {
  const largest = Math.max(0, ...splits.map(Math.abs))
  const [factor, suffix] = largest >= 1e6 ? [1e6, ' M'] : largest >= 1e5 ? [1e3, ' k'] : [1, '']
  const isExact = (digits: number) =>
    splits.every(value => {
      const shownValue = value / factor
      return Math.abs(Number(shownValue.toFixed(digits)) - shownValue) <= 1e-6
    })
  const digits = AXIS_DIGITS.find(isExact) ?? AXIS_DIGITS.length
  return value => `${formatNumber(value / factor, digits)}${suffix}`
}
