import { useEffect, useState } from 'react'
import type { Measured } from './api.ts'
import { type CellProfile, fetchMeasured, fetchProfiles } from './api.ts'

const MEASURED_POLL_MS = 4000
const PROFILES_POLL_MS = 2000

/** Readings of a cell as they were taken; empty until known. */
export function useMeasured(line: string, cell: string): readonly Measured[] {
  return usePolled(fetchMeasured, line, cell, MEASURED_POLL_MS)
}

/** What lies inside a cell; empty until known. */
export function useProfiles(line: string, cell: string): readonly CellProfile[] {
  return usePolled(fetchProfiles, line, cell, PROFILES_POLL_MS)
}

/** Asks again and again while the page is seen; each question waits for the answer before it. */
function usePolled<T>(
  ask: (line: string, cell: string) => Promise<readonly T[]>,
  line: string,
  cell: string,
  poll_ms: number,
): readonly T[] {
  const [held, setHeld] = useState<{ key: string; answer: readonly T[] }>()
  const key = `${line}/${cell}`
  useEffect(() => {
    let gone = false
    let waiting = false
    const once = () => {
      if (document.hidden || waiting) return
      waiting = true
      ask(line, cell)
        .then(
          answer => {
            if (!gone) setHeld({ key: `${line}/${cell}`, answer })
          },
          () => {
            // A lost connection is said by the frame; what was shown last stays and is greyed.
          },
        )
        .finally(() => {
          waiting = false
        })
    }
    once()
    const timer = setInterval(once, poll_ms)
    return () => {
      gone = true
      clearInterval(timer)
    }
  }, [ask, line, cell, poll_ms])
  return held?.key === key ? held.answer : []
}
