import type { AlarmPriority } from '../../flow.ts'

/** Why a condition may be an alarm: without this record it stays an event. */
export interface AlarmRule {
  readonly priority: AlarmPriority
  /** What usually is behind it. */
  readonly cause: string
  /** What happens when nobody acts. */
  readonly consequence: string
  /** What the operator should do. */
  readonly response: string
  /** Time to act before the consequence. */
  readonly respond_within_ms: number
  /** The condition must hold this long before it is raised. */
  readonly on_delay_ms: number
  /** The condition must be gone this long before the alarm returns. */
  readonly off_delay_ms: number
  /** Once returned and acknowledged it stays until somebody resets it. */
  readonly latching: boolean
  /** Rests on the twin: not raised while the twin of the cell is not trusted. */
  readonly needs_twin: boolean
  /** Acknowledged and still active after this long, it is announced again; 0: never. */
  readonly realarm_ms: number
}

const SECOND = 1000
const MINUTE = 60 * SECOND

const measured = { latching: false, needs_twin: false, realarm_ms: 0 } as const
const estimated = { latching: false, needs_twin: true, realarm_ms: 0 } as const

/** Master alarm list: every kind that may become an alarm, rationalised. */
export const alarmCatalog: Readonly<Record<string, AlarmRule>> = {
  'limit-high': {
    ...measured,
    priority: 'high',
    cause: 'the measured value rose above its alarm limit',
    consequence: 'the process leaves its permitted range',
    response: 'Check the value against a second sensor, then bring it back below the limit.',
    respond_within_ms: 10 * MINUTE,
    on_delay_ms: 0,
    off_delay_ms: 5 * SECOND,
  },
  'limit-low': {
    ...measured,
    priority: 'high',
    cause: 'the measured value fell below its alarm limit',
    consequence: 'the process leaves its permitted range',
    response: 'Check the value against a second sensor, then bring it back above the limit.',
    respond_within_ms: 10 * MINUTE,
    on_delay_ms: 0,
    off_delay_ms: 5 * SECOND,
  },
  'anode-effect': {
    ...measured,
    // An anode effect that nobody ended does more harm every minute.
    realarm_ms: 5 * MINUTE,
    priority: 'critical',
    cause: 'the bath under the anodes ran out of alumina',
    consequence: 'PFC gas is made, the bath overheats and the side ledge melts',
    response:
      'Watch the automatic quench. If the voltage stays above 8 V for a minute, feed by hand ' +
      'and quench with a pole.',
    respond_within_ms: 2 * MINUTE,
    on_delay_ms: 2 * SECOND,
    off_delay_ms: 10 * SECOND,
  },
  'anode-effect-coming': {
    ...measured,
    priority: 'high',
    cause: 'dissolved alumina is near the anode-effect limit and still falling',
    consequence: 'an anode effect within minutes',
    response: 'Start an extra feed now and check that every feeder of the cell delivers.',
    respond_within_ms: 3 * MINUTE,
    on_delay_ms: 10 * SECOND,
    off_delay_ms: 5 * MINUTE,
  },
  'feed-below-demand': {
    ...measured,
    priority: 'high',
    cause: 'a feeder or breaker is blocked, or the ore hopper is empty',
    consequence: 'alumina is depleted until the cell goes into anode effect',
    response: 'Inspect the feeders and crust breakers of the cell; clear the blocked hole.',
    respond_within_ms: 30 * MINUTE,
    on_delay_ms: 0,
    // A feeding cycle hides the fault for a while: the alarm stays through it.
    off_delay_ms: 45 * MINUTE,
  },
  'feed-above-demand': {
    ...measured,
    priority: 'medium',
    cause: 'a feeder delivers more than its shot, or ore falls in from the crust',
    consequence: 'undissolved alumina settles as sludge on the cathode',
    response: 'Check the shot weight of the feeders and lower the base feed rate.',
    respond_within_ms: 120 * MINUTE,
    on_delay_ms: 0,
    off_delay_ms: 5 * MINUTE,
  },
  'local-anode-effect': {
    ...measured,
    priority: 'high',
    cause: 'gas covers some anodes: the bath under them lost its alumina or stands still',
    consequence: 'the other anodes take the current until the whole cell goes into anode effect',
    response: 'Feed the feeder next to the anodes named and stir the bath there.',
    respond_within_ms: MINUTE,
    on_delay_ms: 0,
    off_delay_ms: 60 * SECOND,
  },
  'anode-spike': {
    ...measured,
    priority: 'medium',
    cause: 'a carbon spike bridges to the metal, or the anode hangs too low',
    consequence: 'current efficiency is lost and the anode may burn off',
    response: 'Pull the anode named, look for a spike and knock it off, set it again.',
    respond_within_ms: 120 * MINUTE,
    on_delay_ms: 0,
    off_delay_ms: 10 * MINUTE,
  },
  'ledge-loss': {
    ...measured,
    priority: 'high',
    cause: 'the side ledge melted at one place, or the side lining is worn',
    consequence: 'the shell glows and bath or metal taps out',
    response: 'Look at the shell at the place named, cool it with air, bank the side with bath.',
    respond_within_ms: 60 * MINUTE,
    on_delay_ms: 0,
    off_delay_ms: 30 * MINUTE,
  },
  'line-current-low': {
    ...measured,
    priority: 'high',
    cause: 'a rectifier group tripped or load was taken off',
    consequence: 'all cells of the line cool, and feed runs ahead of what they use',
    response:
      'Ask the substation for how long; beyond half an hour lower the base feed of the line.',
    respond_within_ms: 15 * MINUTE,
    on_delay_ms: 0,
    off_delay_ms: 60 * SECOND,
  },
  'noisy-cell': {
    ...measured,
    priority: 'medium',
    cause: 'the metal pad moves, an anode is low or carbon bridges to the metal',
    consequence: 'current efficiency is lost and the cell may short',
    response: 'Measure the anode currents, look for a low or spiked anode, raise it if found.',
    respond_within_ms: 60 * MINUTE,
    on_delay_ms: 60 * SECOND,
    off_delay_ms: 10 * MINUTE,
  },
  'bath-temperature-high': {
    ...measured,
    priority: 'medium',
    cause: 'too much power, too little aluminium fluoride or a worn ledge',
    consequence: 'current efficiency falls and the side ledge melts',
    response: 'Repeat the measurement. If it stands, lower the target resistance a step.',
    respond_within_ms: 240 * MINUTE,
    on_delay_ms: 0,
    off_delay_ms: 0,
  },
  'bath-temperature-low': {
    ...measured,
    priority: 'medium',
    cause: 'too little power or too much cold material added',
    consequence: 'alumina no longer dissolves and the bath freezes on the sides',
    response: 'Repeat the measurement. If it stands, raise the target resistance a step.',
    respond_within_ms: 240 * MINUTE,
    on_delay_ms: 0,
    off_delay_ms: 0,
  },
  'thermocouple-bias': {
    ...measured,
    priority: 'low',
    cause: 'the thermocouple is worn or was not deep enough in the bath',
    consequence: 'wrong heat and aluminium fluoride decisions',
    response: 'Measure again with another thermocouple before acting on the value.',
    respond_within_ms: 480 * MINUTE,
    on_delay_ms: 0,
    off_delay_ms: 0,
  },
  'superheat-low': {
    ...estimated,
    priority: 'medium',
    cause: 'the bath is only just above its liquidus',
    consequence: 'ore does not dissolve, sludge forms',
    response: 'Measure temperature and liquidus; raise the target resistance a step.',
    respond_within_ms: 120 * MINUTE,
    on_delay_ms: 10 * MINUTE,
    off_delay_ms: 20 * MINUTE,
  },
  'superheat-high': {
    ...estimated,
    priority: 'medium',
    cause: 'the bath is far above its liquidus',
    consequence: 'the side ledge melts and the lining is attacked',
    response: 'Measure temperature and liquidus; lower the target resistance a step.',
    respond_within_ms: 120 * MINUTE,
    on_delay_ms: 10 * MINUTE,
    off_delay_ms: 20 * MINUTE,
  },
  'voltage-sensor-stuck': {
    ...measured,
    priority: 'high',
    cause: 'the voltage of a running cell never stands still: sensor or gateway hangs',
    consequence: 'the pot controller and the twin are blind for this cell',
    response: 'Put the pot on manual feed and check the voltage transmitter and its line.',
    respond_within_ms: 15 * MINUTE,
    on_delay_ms: 0,
    off_delay_ms: 10 * SECOND,
  },
  'sensor-stuck': {
    ...measured,
    priority: 'low',
    cause: 'the sensor or its gateway repeats one value',
    consequence: 'the value can not be trusted',
    response: 'Check the sensor and its gateway.',
    respond_within_ms: 480 * MINUTE,
    on_delay_ms: 0,
    off_delay_ms: 10 * SECOND,
  },
  'sensor-bad': {
    ...measured,
    priority: 'low',
    cause: 'the source marks its own values as bad',
    consequence: 'the value can not be trusted',
    response: 'Check the sensor and its wiring.',
    respond_within_ms: 480 * MINUTE,
    on_delay_ms: 0,
    off_delay_ms: 60 * SECOND,
  },
  'sensor-silent': {
    ...measured,
    priority: 'low',
    cause: 'no reading arrives any more',
    consequence: 'the value is missing and the bands widen',
    response: 'Check the sensor, its gateway and the network.',
    respond_within_ms: 480 * MINUTE,
    on_delay_ms: 60 * SECOND,
    off_delay_ms: 10 * SECOND,
  },
  'line-silent': {
    ...measured,
    priority: 'high',
    cause: 'most signals of the line stopped together: gateway or network',
    consequence: 'the twin runs blind',
    response: 'Check the producer and the network between the plant and this engine.',
    respond_within_ms: 10 * MINUTE,
    on_delay_ms: 0,
    off_delay_ms: 10 * SECOND,
  },
  'unusual-dynamics': {
    ...measured,
    priority: 'medium',
    cause: 'the signals move together in a way that was not seen in normal running',
    consequence: 'a fault that no single limit shows',
    response: 'Look at the signals named as causes, the strongest first.',
    respond_within_ms: 60 * MINUTE,
    on_delay_ms: 0,
    off_delay_ms: 120 * SECOND,
  },
  'unusual-pattern': {
    ...estimated,
    priority: 'medium',
    cause: 'the trained model has not seen the cell like this in normal running',
    consequence: 'a fault that no single limit shows',
    response: 'Look at what is named as causes, the strongest first.',
    respond_within_ms: 60 * MINUTE,
    on_delay_ms: 0,
    off_delay_ms: 120 * SECOND,
  },
  'unusual-running': {
    ...estimated,
    priority: 'low',
    cause: 'the asset runs unlike its own past, by the residuals of its twin together',
    consequence: 'a fault that no single limit shows may grow',
    response: 'Look at the signals named as causes; compare the asset with its neighbours.',
    respond_within_ms: 240 * MINUTE,
    on_delay_ms: 0,
    off_delay_ms: 120 * SECOND,
  },
}
