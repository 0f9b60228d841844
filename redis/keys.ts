import type { LineKey } from '#engine/store/port.ts'

/** Names of all keys; the braces keep the keys of one line in one hash slot of a cluster. */
export interface Keys {
  readonly epoch: string
  readonly definitions: string
  /** Written again and again where a write is waited for with WAITAOF. */
  readonly marker: string
  line(line: LineKey): LineKeys
}

/** Keys of one line; README.md says what each holds. */
export interface LineKeys {
  readonly line: string
  readonly producers: string
  readonly log: string
  readonly state: string
  readonly kept: string
  readonly outbox: string
  readonly quarantine: string
}

export function keysOf(prefix: string): Keys {
  return {
    epoch: `${prefix}:epoch`,
    definitions: `${prefix}:definitions`,
    marker: `${prefix}:marker`,
    line: line => ({
      line: `${prefix}:{${line}}:line`,
      producers: `${prefix}:{${line}}:producers`,
      log: `${prefix}:{${line}}:log`,
      state: `${prefix}:{${line}}:state`,
      kept: `${prefix}:{${line}}:kept`,
      outbox: `${prefix}:{${line}}:outbox`,
      quarantine: `${prefix}:{${line}}:quarantine`,
    }),
  }
}
