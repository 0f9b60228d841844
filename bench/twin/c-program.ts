import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { CellBank } from '#twin-models/potline/cell/bank.ts'
import { sizedPlaces } from '#twin-models/potline/cell/compiled.ts'
import { cellPlaces } from '#twin-models/potline/cell/memory.ts'
import { imageOf } from './image.ts'
import { sizeOptions, stepHeader } from './translate.ts'

const SOURCE = path.join(import.meta.dirname, 'cell.c')
const COMPILERS = ['gcc', 'clang', 'cc']
const COMMON = [
  '-O3',
  '-std=gnu11',
  '-ffp-contract=off',
  '-fno-strict-aliasing',
  '-Wno-psabi',
  '-w',
]
const RUN_LIMIT_MS = 120_000

/** One compiled form of the C program. */
export interface CProgram {
  readonly name: string
  readonly kind: 'c128' | 'native'
  readonly options: string
  /** Seconds of so many steps from the image; the result stays in `resultFile`. */
  run(steps: number): number
  result(): Float64Array
}

/** A folder with the image and every form that compiles here; empty without a compiler. */
export interface CPrograms {
  readonly programs: readonly CProgram[]
  close(): void
}

/** Compiles cell.c for the bank's sizes: held to 128 bits, and for this very processor. */
export function compilePrograms(
  bank: CellBank,
  frames: Float64Array,
  say: (line: string) => void,
): CPrograms {
  const folder = mkdtempSync(path.join(tmpdir(), 'liquidus-bench-'))
  const image = path.join(folder, 'image')
  writeFileSync(image, imageOf(bank, frames))
  // Translated anew each time, so that both programs do the same work.
  writeFileSync(path.join(folder, 'cell-step.h'), stepHeader())
  const sized = sizedPlaces(cellPlaces(bank.parameters))
  const narrow = process.arch === 'x64' ? ['-msse4.2', '-mno-avx'] : []
  const forms = [
    { kind: 'c128', width: 2, flags: narrow },
    { kind: 'native', width: 4, flags: ['-march=native'] },
    { kind: 'native', width: 8, flags: ['-march=native'] },
  ] as const
  const programs: CProgram[] = []
  for (const compiler of compilersHere()) {
    for (const { kind, width, flags } of forms) {
      const lanes = 2 * width
      if (bank.cellCount % lanes !== 0) continue
      const name = `${compiler} ${64 * width} bit`
      const file = path.join(folder, `cell-${compiler}-${width}`)
      const options = [...COMMON, ...flags, `-DWIDTH=${width}`]
      const all = [
        ...options,
        `-I${folder}`,
        ...sizeOptions(sized, lanes),
        SOURCE,
        '-o',
        file,
        '-lm',
      ]
      if (!works(compiler, all)) {
        say(`${name}: cell.c does not compile here, left out`)
        continue
      }
      const resultFile = `${file}.result`
      programs.push({
        name,
        kind,
        options: options.join(' '),
        run: steps =>
          Number(
            execFileSync(file, [image, resultFile, String(steps)], {
              encoding: 'utf8',
              timeout: RUN_LIMIT_MS,
            }),
          ),
        result: () => new Float64Array(new Uint8Array(readFileSync(resultFile)).buffer),
      })
    }
  }
  return { programs, close: () => rmSync(folder, { recursive: true, force: true }) }
}

/** Real compilers on the path; cc only where neither of the two is. */
function compilersHere(): string[] {
  const here = COMPILERS.filter(name => works(name, ['--version']))
  return here.length > 1 ? here.filter(name => name !== 'cc') : here
}

function works(command: string, options: readonly string[]): boolean {
  try {
    execFileSync(command, options, { stdio: 'ignore', timeout: RUN_LIMIT_MS })
    return true
  } catch {
    return false
  }
}

/** Largest difference of two results, relative to the larger number; 0 where bits are equal. */
export function worstDifference(a: Float64Array, b: Float64Array): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY
  let worst = 0
  for (let i = 0; i < a.length; i++) {
    if (Object.is(a[i], b[i]) || a[i] === b[i]) continue
    const off = Math.abs(a[i]! - b[i]!) / Math.max(Math.abs(a[i]!), Math.abs(b[i]!))
    worst = off > worst || Number.isNaN(off) ? off : worst
    if (Number.isNaN(worst)) return worst
  }
  return worst
}
