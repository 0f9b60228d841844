import { CHECKPOINT_BYTES_MAX } from './checkpoints.ts'

/** What wrote a line's log and what was in force, by name, as its log says it. */
export type Versions = Readonly<Record<string, string>>

/** All checkpoints of all lines take at most this share of what their logs may take. */
const SHARE_OF_LOG = 3 / 8
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

/**
 * The room of each line's checkpoints when so many lines share it, as a version: a line goes back
 * to what its checkpoints allow, so its log says how many there were. Empty: the room of one alone.
 */
export function checkpointRoom(log_bytes_max: number, lines: number): Versions {
  const share_bytes = (SHARE_OF_LOG * log_bytes_max) / Math.max(1, lines)
  if (share_bytes >= CHECKPOINT_BYTES_MAX) return {}
  let room_bytes = CHECKPOINT_BYTES_MAX
  while (room_bytes > share_bytes) room_bytes *= ROOM_STEP
  return roomVersion(Math.floor(room_bytes))
}

/** A room as a version. */
export const roomVersion = (room_bytes: number): Versions =>
  room_bytes === CHECKPOINT_BYTES_MAX ? {} : { [ROOM]: String(room_bytes) }

/** Bytes that the checkpoints of a line may take. */
export const roomIn = (versions: Versions): number => Number(versions[ROOM] ?? CHECKPOINT_BYTES_MAX)
