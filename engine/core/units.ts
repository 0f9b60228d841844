/** Units on the wire and their place in SI: si = value * scale + offset. */
export interface Unit {
  readonly si: string
  readonly scale: number
  readonly offset: number
}

const UNITS: Readonly<Record<string, Unit>> = {
  '1': { si: '1', scale: 1, offset: 0 },
  '': { si: '1', scale: 1, offset: 0 },
  '%': { si: '1', scale: 0.01, offset: 0 },
  'wt%': { si: '1', scale: 0.01, offset: 0 },
  V: { si: 'V', scale: 1, offset: 0 },
  mV: { si: 'V', scale: 1e-3, offset: 0 },
  A: { si: 'A', scale: 1, offset: 0 },
  kA: { si: 'A', scale: 1e3, offset: 0 },
  Ohm: { si: 'Ohm', scale: 1, offset: 0 },
  uOhm: { si: 'Ohm', scale: 1e-6, offset: 0 },
  m: { si: 'm', scale: 1, offset: 0 },
  cm: { si: 'm', scale: 1e-2, offset: 0 },
  mm: { si: 'm', scale: 1e-3, offset: 0 },
  kg: { si: 'kg', scale: 1, offset: 0 },
  g: { si: 'kg', scale: 1e-3, offset: 0 },
  t: { si: 'kg', scale: 1e3, offset: 0 },
  'kg/m3': { si: 'kg/m3', scale: 1, offset: 0 },
  'ug/m3': { si: 'kg/m3', scale: 1e-9, offset: 0 },
  'kg/s': { si: 'kg/s', scale: 1, offset: 0 },
  'kg/h': { si: 'kg/s', scale: 1 / 3600, offset: 0 },
  K: { si: 'K', scale: 1, offset: 0 },
  C: { si: 'K', scale: 1, offset: 273.15 },
  degC: { si: 'K', scale: 1, offset: 273.15 },
  Pa: { si: 'Pa', scale: 1, offset: 0 },
  kPa: { si: 'Pa', scale: 1e3, offset: 0 },
  bar: { si: 'Pa', scale: 1e5, offset: 0 },
  'm3/s': { si: 'm3/s', scale: 1, offset: 0 },
  'sm3/s': { si: 'm3/s', scale: 1, offset: 0 },
  'l/min': { si: 'm3/s', scale: 1 / 60000, offset: 0 },
  Hz: { si: 'Hz', scale: 1, offset: 0 },
  rpm: { si: 'Hz', scale: 1 / 60, offset: 0 },
  g0: { si: 'm/s2', scale: 9.80665, offset: 0 },
  'm/s': { si: 'm/s', scale: 1, offset: 0 },
  'mm/s': { si: 'm/s', scale: 1e-3, offset: 0 },
  'm/s2': { si: 'm/s2', scale: 1, offset: 0 },
  W: { si: 'W', scale: 1, offset: 0 },
  kW: { si: 'W', scale: 1e3, offset: 0 },
  kWh: { si: 'J', scale: 3.6e6, offset: 0 },
  s: { si: 's', scale: 1, offset: 0 },
  ppm: { si: '1', scale: 1e-6, offset: 0 },
  lx: { si: 'lx', scale: 1, offset: 0 },
  dB: { si: 'dB', scale: 1, offset: 0 },
}

/** The unit by its symbol, or undefined when it is not known. */
export function unitOf(symbol: string): Unit | undefined {
  return Object.hasOwn(UNITS, symbol) ? UNITS[symbol] : undefined
}

export const knownUnits: readonly string[] = Object.keys(UNITS).filter(symbol => symbol !== '')

/** Converts a value in `symbol` to SI; the unit must be known. */
export function toSi(value: number, symbol: string): number {
  const unit = UNITS[symbol]
  if (!unit) throw new RangeError(`unknown unit "${symbol}"`)
  return value * unit.scale + unit.offset
}

/** Converts an SI value to `symbol`; the unit must be known. */
export function fromSi(value: number, symbol: string): number {
  const unit = UNITS[symbol]
  if (!unit) throw new RangeError(`unknown unit "${symbol}"`)
  return (value - unit.offset) / unit.scale
}
