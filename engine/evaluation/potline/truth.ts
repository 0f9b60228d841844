import type { Fault, FaultKind } from '../../sim/faults.ts'

/** A fault as it is scored. */
export interface TrueFault {
  readonly kind: ScoredKind
  /** Index of the cell, or -1 for the line. */
  readonly cell: number
  readonly start_s: number
  readonly end_s: number
  readonly feeder?: number
  readonly anode?: number
  readonly wall?: number
}

/** Kinds of the simulator, and those that only a recording has. */
export type ScoredKind = FaultKind | 'voltage-drift'

const HOUR_S = 3600
const WALLS = [
  'bath height, side A',
  'bath height, side B',
  'metal height, side A',
  'metal height, side B',
]

interface Scoring {
  /** Seconds after the end in which alarms of the cell still belong to the fault. */
  readonly grace_s: number
  /** Cause texts that are right. */
  readonly causes: (fault: TrueFault) => RegExp
}

const FEED_BELOW = 'alumina feed below demand'
const FEED_ABOVE = 'alumina feed above demand'

/** How each kind is scored: docs/evaluation.md has the same table. */
export const scoring: Readonly<Record<ScoredKind, Scoring>> = {
  'blocked-feeder': {
    grace_s: 3 * HOUR_S,
    causes: ({ feeder }) => new RegExp(`^(${FEED_BELOW}|feeder ${feeder} delivers)`),
  },
  overfeeding: {
    grace_s: 3 * HOUR_S,
    causes: ({ feeder }) =>
      new RegExp(`^(${FEED_ABOVE}|feeder ${feeder} delivers|a feeder delivers more)`),
  },
  depletion: {
    grace_s: 3 * HOUR_S,
    causes: () => /alumina (runs out|feed below demand|is depleted)/,
  },
  'sudden-effect': { grace_s: 3 * HOUR_S, causes: () => /gas covers/ },
  'local-effect': { grace_s: 3 * HOUR_S, causes: () => /gas covers/ },
  'anode-spike': {
    grace_s: 2 * HOUR_S,
    causes: ({ anode }) => new RegExp(`^anode ${anode} draws`),
  },
  sludge: { grace_s: 6 * HOUR_S, causes: () => /sludge/ },
  'ledge-loss': {
    grace_s: 12 * HOUR_S,
    causes: ({ wall }) => (wall ? new RegExp(`ledge lost at ${WALLS[wall - 1]}`) : /ledge lost/),
  },
  'thermocouple-bias': { grace_s: HOUR_S, causes: () => /thermocouple bias/ },
  'stuck-voltage': { grace_s: HOUR_S, causes: () => /has stood still/ },
  'noisy-cell': { grace_s: HOUR_S, causes: () => /voltage noise/ },
  'line-dip': { grace_s: 600, causes: () => /rectifier/ },
  'voltage-drift': { grace_s: HOUR_S, causes: () => /voltage.*drift/ },
}

/** Faults of the simulator as truth. */
export function truthOf(faults: readonly Fault[]): TrueFault[] {
  return faults.map(({ kind, cell, start_s, duration_s, feeder, anode, wall }) => ({
    kind,
    cell: kind === 'line-dip' ? -1 : cell,
    start_s,
    end_s: start_s + duration_s,
    feeder,
    ...(anode === undefined ? {} : { anode }),
    ...(wall === undefined ? {} : { wall }),
  }))
}

interface RecordedFault {
  readonly type: string
  readonly cell?: number
  readonly startH: number
  readonly durationH: number
  readonly feeder?: number
  readonly anode?: number
}

/** What the recordings call a fault, and what it is here. */
const RECORDED: Readonly<Record<string, ScoredKind>> = {
  feeder_blocked: 'blocked-feeder',
  breaker_stuck: 'blocked-feeder',
  feeder_over: 'overfeeding',
  overfeeding: 'overfeeding',
  hopper_empty: 'depletion',
  anode_effect: 'sudden-effect',
  anode_spike: 'anode-spike',
  sludge: 'sludge',
  ledge_loss: 'ledge-loss',
  temp_bias: 'thermocouple-bias',
  v_stuck: 'stuck-voltage',
  v_drift: 'voltage-drift',
  noisy: 'noisy-cell',
  line_dip: 'line-dip',
}

/** Faults of a recording (`faults.json`: hours from the start, indices from 0) as truth. */
export function recordedTruth(faults: readonly RecordedFault[]): {
  readonly known: TrueFault[]
  readonly unknown: string[]
} {
  const known: TrueFault[] = []
  const unknown: string[] = []
  for (const { type, cell, startH, durationH, feeder, anode } of faults) {
    const kind = Object.hasOwn(RECORDED, type) ? RECORDED[type]! : undefined
    if (kind === undefined) {
      unknown.push(type)
      continue
    }
    known.push({
      kind,
      cell: cell ?? -1,
      start_s: startH * HOUR_S,
      end_s: (startH + durationH) * HOUR_S,
      ...(feeder === undefined ? {} : { feeder: feeder + 1 }),
      ...(anode === undefined ? {} : { anode: anode + 1 }),
    })
  }
  return { known, unknown }
}
