import { LiquidusError } from '../core/errors.ts'

/** Questions of a line that wait for the end of its rewind at once; more are refused. */
export const QUESTIONS_HELD_MAX = 64
/** A rewind lasts a second or so; one whose log is away may last for long. */
const HOLD_MS = 5000

/**
 * Answers what is asked of a line's fold. During a rewind its values are those of minutes ago, so
 * questions wait for its end; `rewinding` gives the end of the one that runs.
 */
export function lineQuestions(line: string, rewinding: () => Promise<void> | undefined) {
  let held = 0
  const hold = async (): Promise<void> => {
    const refusal = new LiquidusError('LINE_REWINDS', { line }, { retry: true })
    if (held >= QUESTIONS_HELD_MAX) throw refusal
    held += 1
    let timeout: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, reject) => {
      timeout = setTimeout(() => reject(refusal), HOLD_MS)
    })
    try {
      // The next rewind may begin as soon as one ends.
      for (let end = rewinding(); end; end = rewinding()) await Promise.race([end, late])
    } finally {
      clearTimeout(timeout)
      held -= 1
    }
  }
  return async <T>(answer: () => T): Promise<T> => {
    if (rewinding()) await hold()
    return answer()
  }
}
