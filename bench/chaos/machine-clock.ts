import { existsSync, renameSync, writeFileSync } from 'node:fs'
import path from 'node:path'

/** A wall clock of its own for processes of the run; it can be set wrong while they live by it. */
export interface MachineClock {
  /** What a process that lives by it is started with. */
  readonly environment: Readonly<Record<string, string>>
  /** From now on it is wrong by so much; 0: right. */
  set(wrong_by_ms: number): void
}

/** Where Debian, Fedora and a build of one's own put libfaketime. */
const LIBRARIES = [
  '/usr/lib/x86_64-linux-gnu/faketime',
  '/usr/lib/aarch64-linux-gnu/faketime',
  '/usr/lib64/faketime',
  '/usr/lib/faketime',
  '/usr/local/lib/faketime',
].map(directory => path.join(directory, 'libfaketimeMT.so.1'))

/** A clock that is right until it is set, or why there is none here. */
export function machineClock(
  directory: string,
  libraries: readonly string[] = LIBRARIES,
): MachineClock | string {
  const library = libraries.find(file => existsSync(file))
  if (library === undefined) return 'no libfaketime is installed (apt-get install faketime)'
  const file = path.join(directory, 'clock')
  const set = (wrong_by_ms: number) => {
    // Whole or not at all: a process may read it at any time.
    writeFileSync(`${file}.new`, `${wrong_by_ms < 0 ? '' : '+'}${wrong_by_ms / 1000}\n`)
    renameSync(`${file}.new`, file)
  }
  set(0)
  return {
    environment: {
      LD_PRELOAD: library,
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_NO_CACHE: '1',
      // A machine whose clock is set does not lose its sense of how long something takes.
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      NO_FAKE_STAT: '1',
    },
    set,
  }
}
