import { LiquidusError } from '../core/errors.ts'

/** Faults that the simulated plant can show. */
export const faultKinds = [
  'blocked-feeder',
  'overfeeding',
  'depletion',
  'anode-spike',
  'noisy-cell',
  'stuck-voltage',
  'thermocouple-bias',
  'sludge',
  'ledge-loss',
  'sudden-effect',
  'local-effect',
  'line-dip',
] as const
/** Name of a fault in a plan. */
export type FaultKind = (typeof faultKinds)[number]

/** One fault of one cell, or of the line (`line-dip`), in seconds from the start of the plant. */
export interface Fault {
  readonly kind: FaultKind
  readonly start_s: number
  /** Infinity: until the end. */
  readonly duration_s: number
  /** Index of the cell, from 0. */
  readonly cell: number
  /** Feeder from 1, for `blocked-feeder` and `overfeeding`. */
  readonly feeder: number
  /** Anode from 1, for `anode-spike` and `local-effect`; default 1. */
  readonly anode?: number
  /** Wall from 1, for `ledge-loss`: bath height side A, B, metal height side A, B; default 1. */
  readonly wall?: number
  /**
   * `blocked-feeder` and `depletion`: share of the alumina that stays out; `overfeeding`: share
   * that falls on top; `anode-spike`: share of the gap that it bridges; `noisy-cell`: added noise,
   * V rms; `thermocouple-bias`: K; `sludge`: share of the alumina that sinks to the cathode;
   * `ledge-loss`: heat that a wall draws above its usual, as a share; `sudden-effect` and
   * `local-effect`: share of the anodes that gas covers in a minute; `line-dip`: share of the
   * line current that is lost; `stuck-voltage`: not used.
   */
  readonly magnitude: number
}

const DEFAULTS: Readonly<Record<FaultKind, { magnitude: number; duration_s: number }>> = {
  'blocked-feeder': { magnitude: 1, duration_s: 4 * 3600 },
  overfeeding: { magnitude: 1, duration_s: 4 * 3600 },
  'anode-spike': { magnitude: 0.6, duration_s: 6 * 3600 },
  depletion: { magnitude: 0.8, duration_s: 2 * 3600 },
  'noisy-cell': { magnitude: 0.045, duration_s: 2 * 3600 },
  'stuck-voltage': { magnitude: 0, duration_s: 1800 },
  'thermocouple-bias': { magnitude: 12, duration_s: 36 * 3600 },
  sludge: { magnitude: 0.35, duration_s: 6 * 3600 },
  'ledge-loss': { magnitude: 0.8, duration_s: 12 * 3600 },
  'sudden-effect': { magnitude: 30, duration_s: 300 },
  'local-effect': { magnitude: 0.25, duration_s: 1800 },
  'line-dip': { magnitude: 0.12, duration_s: 1200 },
}
const PLACES = ['cell', 'feeder', 'anode', 'wall'] as const
type Place = (typeof PLACES)[number]
const UNIT_S: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600 }

const usage = (text: string, problem: string) =>
  new LiquidusError('USAGE', {
    problem: `fault "${text}": ${problem}; write it like blocked-feeder@30m:cell=17,feeder=2`,
  })

function parseTime_s(text: string, fault: string): number {
  const match = /^(\d+(?:\.\d+)?)([smh])$/.exec(text)
  if (!match) throw usage(fault, `"${text}" is not a time such as 90s, 30m or 2h`)
  return Number(match[1]) * UNIT_S[match[2]!]!
}

interface Settings {
  cell: number
  feeder: number
  anode?: number
  wall?: number
  magnitude: number
  duration_s: number
}

/**
 * Reads one fault: KIND@START[:cell=N,feeder=N,anode=N,wall=N,magnitude=X,for=TIME]. Cells,
 * feeders, anodes and walls count from 1, so that cell=17 of a line that starts with cell-101 is cell-117.
 */
export function parseFault(text: string): Fault {
  const match = /^([a-z-]+)@([^:]+)(?::(.*))?$/.exec(text.trim())
  if (!match) throw usage(text, 'kind and start are missing')
  const kind = faultKinds.find(known => known === match[1])
  if (!kind) throw usage(text, `unknown kind "${match[1]}"; known: ${faultKinds.join(', ')}`)
  const settings: Settings = { cell: 1, feeder: 1, ...DEFAULTS[kind] }
  for (const part of (match[3] ?? '').split(',').filter(piece => piece !== '')) {
    const [key, value] = part.split('=', 2) as [string, string | undefined]
    const number = Number(value)
    if (key === 'for') settings.duration_s = parseTime_s(value ?? '', text)
    else if (value === undefined || value === '' || !Number.isFinite(number))
      throw usage(text, `"${part}" needs a number`)
    else if (key === 'magnitude') settings.magnitude = number
    else if (!PLACES.includes(key as Place)) throw usage(text, `unknown setting "${key}"`)
    else if (!Number.isInteger(number) || number < 1)
      throw usage(text, `${key} counts from 1, got ${value}`)
    else settings[key as Place] = number
  }
  return { kind, start_s: parseTime_s(match[2]!, text), ...settings, cell: settings.cell - 1 }
}

/**
 * Reads a plan for a line of `cells`: faults separated by white space or semicolons, or the word
 * "demo" for those of the demonstration that such a line has room for.
 */
export function parseFaults(text: string, cells: number, feeders: number): readonly Fault[] {
  if (text.trim() === 'demo')
    return demoFaults.filter(fault => fault.cell < cells && fault.feeder <= feeders)
  return text
    .split(/[;\s]+/)
    .filter(part => part !== '')
    .map(part => {
      const fault = parseFault(part)
      if (fault.cell >= cells) throw usage(part, `the line has only ${cells} cells`)
      if (fault.feeder > feeders) throw usage(part, `a cell has only ${feeders} feeders`)
      return fault
    })
}

/**
 * The demonstration: the faults that show best, early enough to be seen in a short visit. The feeder blocks
 * before the preroll ends (a negative start), because its effect takes half an hour to show.
 */
export const demoFaults: readonly Fault[] = [
  { ...parseFault('blocked-feeder@0s:cell=17,feeder=2'), start_s: -45 * 60 },
  parseFault('thermocouple-bias@0s:cell=12'),
  parseFault('noisy-cell@1m:cell=29'),
  parseFault('depletion@3m:cell=8'),
  parseFault('stuck-voltage@6m:cell=33'),
]
