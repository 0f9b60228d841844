import { TEP_CVA_MISSED } from './published.ts'
import { recordLines } from './report.ts'
import { type SeedsResult, spreadOf } from './seeds.ts'
import type { SkabResult } from './skab.ts'
import type { TepResult } from './tep.ts'

/** The results of several seeds as text: each, by fault or file, pooled, and the records. */
export function seedsReport(result: SeedsResult<TepResult> | SeedsResult<SkabResult>): string {
  const { benchmark, detector } = result.mean
  const body = isTep(result) ? tepLines(result.seeds) : skabLines(result.seeds)
  const head = `${benchmark}, detector ${detector}, mean +- standard deviation of ${result.seeds.length} seeds`
  return [head, '', ...body, '', ...recordLines(benchmark)].join('\n')
}

function isTep(
  result: SeedsResult<TepResult> | SeedsResult<SkabResult>,
): result is SeedsResult<TepResult> {
  return result.mean.benchmark === 'tep'
}

function tepLines(seeds: readonly TepResult[]): string[] {
  const { fit, calibrate, fdr } = seeds[0]!
  const rows = Object.keys(fdr).map(fault => {
    const delays = seeds.map(one => one.delay_rows[fault]!)
    const found = delays.filter(delay => delay !== null).length
    const told = [
      fault.padStart(5),
      both(
        seeds.map(one => 100 * one.fdr[fault]!),
        1,
      ).padStart(14),
      (100 * (1 - TEP_CVA_MISSED[Number(fault) - 1]!)).toFixed(1).padStart(14),
      (found === 0 ? '-' : both(delays, 1)).padStart(16),
      `${found} of ${seeds.length}`.padStart(10),
    ]
    return told.join(' ')
  })
  const pooled = {
    FDR18: both(
      seeds.map(one => one.fdr18),
      4,
    ),
    FDR21: both(
      seeds.map(one => one.fdr21),
      4,
    ),
    'FAR normal %': both(
      seeds.map(one => one.far_normal_pct),
      2,
    ),
    'FAR before faults %': both(
      seeds.map(one => one.far_prefault_pct),
      2,
    ),
  }
  return [
    ...seeds.map(
      (one, i) =>
        `seed ${i + 1}: FDR18 ${one.fdr18.toFixed(4)}, FDR21 ${one.fdr21.toFixed(4)}, FAR normal ` +
        `${one.far_normal_pct.toFixed(2)} %, FAR before faults ${one.far_prefault_pct.toFixed(2)} %`,
    ),
    '',
    `fitted on ${fit.join(', ')}; threshold from ${calibrate.join(', ')}`,
    'fault          FDR %   CVA Tr2 pub.       delay rows      found',
    ...rows,
    pooledLine(pooled),
  ]
}

function skabLines(seeds: readonly SkabResult[]): string[] {
  const files = Object.keys(seeds[0]!.files)
  const width = Math.max(...files.map(file => file.length))
  const parts = (of: (one: SkabResult) => Pick<SkabResult, 'f1' | 'far_pct' | 'mar_pct'>) => {
    const values = seeds.map(of)
    return {
      f1: both(
        values.map(one => one.f1),
        3,
      ),
      far: both(
        values.map(one => one.far_pct),
        1,
      ),
      mar: both(
        values.map(one => one.mar_pct),
        1,
      ),
    }
  }
  const all = parts(one => one)
  const change = (key: 'nab_standard' | 'nab_low_fp' | 'nab_low_fn') =>
    both(
      seeds.map(one => one[key]),
      1,
    )
  return [
    ...seeds.map(
      (one, i) =>
        `seed ${i + 1}: F1 ${one.f1.toFixed(3)}, FAR ${one.far_pct.toFixed(1)} %, ` +
        `MAR ${one.mar_pct.toFixed(1)} %, AUC ${one.auc.toFixed(3)}`,
    ),
    '',
    `${'file'.padEnd(width)} ${['F1', 'FAR %', 'MAR %'].map(name => name.padStart(15)).join('')}`,
    ...files.map(file => {
      const { f1, far, mar } = parts(one => one.files[file]!)
      return `${file.padEnd(width)} ${[f1, far, mar].map(text => text.padStart(15)).join('')}`
    }),
    pooledLine({
      ...{ F1: all.f1, 'FAR %': all.far, 'MAR %': all.mar },
      AUC: both(
        seeds.map(one => one.auc),
        3,
      ),
    }),
    `change points (NAB): standard ${change('nab_standard')}, low FP ${change('nab_low_fp')}, ` +
      `low FN ${change('nab_low_fn')}`,
  ]
}

function pooledLine(numbers: Readonly<Record<string, string>>): string {
  return `pooled: ${Object.entries(numbers)
    .map(([name, text]) => `${name} ${text}`)
    .join(', ')}`
}

/** "0.9683 +- 0.0016". */
function both(values: readonly (number | null)[], digits: number): string {
  const { mean, spread } = spreadOf(values)
  return `${mean.toFixed(digits)} +- ${spread.toFixed(digits)}`
}
