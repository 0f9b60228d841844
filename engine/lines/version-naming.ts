import type { LogEntry } from '../flow.ts'
import type { Patience } from './patience.ts'
import { sameVersions, type Versions } from './versions.ts'

export interface VersionNamingParts {
  /** Versions that the log names last; empty: not known, they are written again. */
  readonly named: Versions
  readonly append: (entry: LogEntry) => Promise<void>
  readonly patient: Patience
  readonly stopped: () => boolean
}

/**
 * Names versions in a line's log, each change once, and the newest last: while the store is away
 * the next try is with what is wanted by then. Resolves when the newest is durable.
 */
export function versionNaming(parts: VersionNamingParts): (versions: Versions) => Promise<void> {
  const { append, patient, stopped } = parts
  let { named } = parts
  let wanted = named
  let naming: Promise<void> | undefined

  const write = async (): Promise<void> => {
    try {
      // What a failed try leaves in the log is not known: it is written even where it was named.
      do {
        let tried = wanted
        await patient(() => {
          tried = wanted
          return append({ kind: 'version', versions: tried })
        })
        named = tried
      } while (!sameVersions(named, wanted))
    } catch (error) {
      named = {}
      wanted = named
      if (!stopped()) throw error
    } finally {
      naming = undefined
    }
  }

  return versions => {
    // A line that stopped takes them when it is opened again.
    if (stopped()) return Promise.resolve()
    if (naming === undefined && sameVersions(named, versions)) return Promise.resolve()
    wanted = versions
    naming ??= write()
    return naming
  }
}
