import type { LineDefinition } from '../flow.ts'
import { CHECKPOINT_BYTES_MAX, SHARE_OF_LOG } from './checkpoints.ts'

/** What wrote a line's log and what was in force, by name, as its log says it. */
export type Versions = Readonly<Record<string, string>>

/** The name under which a line's log says how much its checkpoints may take. */
const ROOM = 'checkpoint_bytes'
/** Rooms are apart by this factor, so that a new line seldom changes those of the others. */
const ROOM_STEP = Math.SQRT1_2

/** Whether the same is in force. */
export function sameVersions(a: Versions, b: Versions): boolean {
  const names = new Set([...Object.keys(a), ...Object.keys(b)])
  return [...names].every(name => a[name] === b[name])
}

/** All but the room of the checkpoints: what the plant's values and alarms follow from. */
export function modelVersions({ [ROOM]: _, ...others }: Versions): Versions {
  return others
}

/** Whether the same models and settings are in force, however much is kept to go back to. */
export const sameModels = (a: Versions, b: Versions): boolean =>
  sameVersions(modelVersions(a), modelVersions(b))

/** Each line has this much log besides its part, so that a small one can go back as well. */
const LEAST_LOG_BYTES = (256 << 10) / SHARE_OF_LOG

/** How many there are to share a room, or one of them with its own series. */
export interface Sharers {
  readonly lines: number
  readonly series: number
}

/** Bytes of log that are a line's where so many lines share them, by series. */
export function logShare_bytes(log_bytes_max: number, series: number, all: Sharers): number {
  if (log_bytes_max === Number.POSITIVE_INFINITY) return log_bytes_max
  const least_bytes = Math.min(LEAST_LOG_BYTES, log_bytes_max / 2 / Math.max(1, all.lines))
  const rest_bytes = log_bytes_max - least_bytes * all.lines
  return least_bytes + rest_bytes * (series / Math.max(1, all.series))
}

/**
 * The room of a line's checkpoints where so many lines share it, by series, as a version: a line
 * goes back to what its checkpoints allow, so its log says how many there were. Empty: the most.
 */
export function checkpointRoom(log_bytes_max: number, series: number, all: Sharers): Versions {
  const share_bytes = SHARE_OF_LOG * logShare_bytes(log_bytes_max, series, all)
  if (share_bytes >= CHECKPOINT_BYTES_MAX) return {}
  let room_bytes = CHECKPOINT_BYTES_MAX
  while (room_bytes > share_bytes) room_bytes *= ROOM_STEP
  return roomVersion(Math.floor(room_bytes))
}

/** Divides the log, and the room of its checkpoints, among the lines that are open or will be. */
export function roomSharing(log_bytes_max: number) {
  const series = new Map<string, number>() // by line
  let all: Sharers = { lines: 0, series: 0 }
  const of = (key: string) => checkpointRoom(log_bytes_max, series.get(key) ?? 0, all)
  return {
    of,
    /** Bytes of log that the line may keep now. */
    log_bytes: (key: string): number => logShare_bytes(log_bytes_max, series.get(key) ?? 0, all),
    /** Counts these lines in; true where one that was there before has another room by that. */
    expect(definitions: ReadonlyMap<string, Pick<LineDefinition, 'tags' | 'cells'>>): boolean {
      const before = [...series.keys()].map(key => [key, of(key)] as const)
      for (const [key, { tags, cells }] of definitions) series.set(key, tags.length * cells.length)
      const sum = [...series.values()].reduce((total, one) => total + one, 0)
      all = { lines: series.size, series: sum }
      return before.some(([key, room]) => !sameVersions(room, of(key)))
    },
  }
}

/** A room as a version. */
export const roomVersion = (room_bytes: number): Versions =>
  room_bytes === CHECKPOINT_BYTES_MAX ? {} : { [ROOM]: String(room_bytes) }

/** Bytes that the checkpoints of a line may take. */
export const roomIn = (versions: Versions): number => Number(versions[ROOM] ?? CHECKPOINT_BYTES_MAX)
