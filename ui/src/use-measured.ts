import { useEffect, useState } from 'react'
import { fetchMeasured, type Measured } from './api.ts'

const POLL_MS = 4000

/** Readings of a cell as they were taken, asked for every few seconds; empty until known. */
export function useMeasured(line: string, cell: string): readonly Measured[] {
  const [measured, setMeasured] = useState<readonly Measured[]>([])
  useEffect(() => {
    let gone = false
    const ask = () => {
      if (document.hidden) return
      fetchMeasured(line, cell).then(
        next => {
          if (!gone) setMeasured(next)
        },
        () => {
          // A lost connection is said by the frame; the last readings stay and are greyed.
        },
      )
    }
    ask()
    const timer = setInterval(ask, POLL_MS)
    return () => {
      gone = true
      clearInterval(timer)
    }
  }, [line, cell])
  return measured
}
