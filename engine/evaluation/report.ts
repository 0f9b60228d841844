import type { NabResult } from './nab.ts'
import { RECORDS, TEP_CVA_MISSED } from './published.ts'
import type { SkabResult } from './skab.ts'
import type { TepResult } from './tep.ts'
import type { ThreeWResult } from './three-w.ts'

export type BenchmarkResult = TepResult | SkabResult | NabResult | ThreeWResult

const percent = (share: number) => (100 * share).toFixed(1)

/** The result as text: per part, pooled, and the records beside it. */
export function reportOf(result: BenchmarkResult): string {
  const head = `${result.benchmark}, detector ${result.detector}`
  return [head, '', ...bodyOf(result), '', ...recordLines(result.benchmark)].join('\n')
}

/** What a benchmark is measured against, as lines. */
export function recordLines(benchmark: string): string[] {
  const records = RECORDS[benchmark] ?? []
  const width = Math.max(...records.map(({ name }) => name.length))
  return ['records', ...records.map(({ name, numbers }) => `  ${name.padEnd(width)}  ${numbers}`)]
}

function bodyOf(result: BenchmarkResult): string[] {
  if (result.benchmark === 'tep') return tepLines(result)
  if (result.benchmark === 'skab') return skabLines(result)
  if (result.benchmark === 'nab') {
    const { nab_standard, nab_low_fp, nab_low_fn, streams } = result
    return [
      `${streams} streams; the sweeper takes its threshold from the labels`,
      `standard ${nab_standard.toFixed(2)}, low FP ${nab_low_fp.toFixed(2)}, low FN ${nab_low_fn.toFixed(2)}`,
    ]
  }
  const events = Object.entries(result.events)
  return [
    ...events.map(([event, share]) => `  ${event.padEnd(40)} ${share.toFixed(3)}`),
    `F1 micro ${result.f1_micro.toFixed(3)} +- ${result.f1_micro_spread.toFixed(3)}, ${events.length} events`,
  ]
}

function tepLines(result: TepResult): string[] {
  const rows = Object.entries(result.fdr).map(([fault, fdr]) => {
    const delay = result.delay_rows[fault]
    const published = percent(1 - TEP_CVA_MISSED[Number(fault) - 1]!)
    const told = [fault.padStart(5), percent(fdr).padStart(7), published.padStart(14)]
    return `${told.join(' ')} ${String(delay ?? '-').padStart(11)}`
  })
  return [
    `fitted on ${result.fit.join(', ')}; threshold from ${result.calibrate.join(', ')}`,
    'fault   FDR %   CVA Tr2 pub.  delay rows',
    ...rows,
    `FDR18 ${result.fdr18.toFixed(4)}, FDR21 ${result.fdr21.toFixed(4)}, FAR normal ` +
      `${result.far_normal_pct.toFixed(2)} %, FAR before faults ${result.far_prefault_pct.toFixed(2)} %`,
  ]
}

function skabLines(result: SkabResult): string[] {
  const files = Object.entries(result.files)
  const width = Math.max(...files.map(([file]) => file.length))
  return [
    `${'file'.padEnd(width)}     F1  FAR %  MAR %`,
    ...files.map(([file, { f1, far_pct, mar_pct }]) => {
      const told = [f1.toFixed(3), far_pct.toFixed(1).padStart(6), mar_pct.toFixed(1).padStart(6)]
      return `${file.padEnd(width)}  ${told.join(' ')}`
    }),
    `pooled over ${files.length} files: F1 ${result.f1.toFixed(3)}, FAR ${result.far_pct.toFixed(1)} %, ` +
      `MAR ${result.mar_pct.toFixed(1)} %, AUC ${result.auc.toFixed(3)}`,
    `change points (NAB): standard ${result.nab_standard.toFixed(1)}, low FP ` +
      `${result.nab_low_fp.toFixed(1)}, low FN ${result.nab_low_fn.toFixed(1)}`,
  ]
}
