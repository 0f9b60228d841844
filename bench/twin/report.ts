import type { TwinResult } from './measure.ts'
import type { PeerName } from './peers.ts'

/** A table for people. */
export function twinTable(result: TwinResult & Record<string, unknown>): string {
  const number = (value: number | null | undefined, digits = 2) =>
    (value === null || value === undefined ? '-' : value.toFixed(digits)).padStart(10)
  const row = (text: string, us: number | undefined, ratio: number | null | undefined, note = '') =>
    `${text.padEnd(34)}${number(us)}${number(ratio)}  ${note}`.trimEnd()
  const { us_of_parts: parts } = result
  const part_us = (parts.walls ?? Number.NaN) + (parts.channels ?? Number.NaN)
  const peers = (['scipy', 'fenics', 'sfepy'] as const).map(name => peerRow(result, name, row))
  const growth = Object.entries(result.growth).map(
    ([what, costs]) =>
      `  ${what.replace('_', ' ').padEnd(16)}` +
      Object.entries(costs)
        .map(([count, us]) => `${count}: ${us.toFixed(2)}`)
        .join('   '),
  )
  const unequal = Object.entries(result.same_bits).filter(([, worst]) => worst !== 0)
  const heap = result.allocation.map(
    one =>
      `heap     ${one.form}, ${one.cells} cells: ${one.heap_bytes_per_line_step} bytes a step, ` +
      `${one.heap_bytes_per_cell_step} a cell-step`,
  )
  return [
    `${result.cells_per_core_real_time} full cells in real time per core (${result.cells} at once)`,
    '',
    `${'us per cell and second'.padEnd(34)}${'cost'.padStart(10)}${'ratio'.padStart(10)}`,
    row('full cell, WebAssembly', result.us_per_cell_s, 1),
    row(
      'full cell, clear form',
      result.us_per_cell_s_clear,
      result.us_per_cell_s_clear / result.us_per_cell_s,
    ),
    ...result.c.map(one => row(`  C, ${one.name}`, one.us, one.ratio, `ours over C; ${one.kind}`)),
    ...Object.entries(parts).map(([part, us]) =>
      row(`  of it ${part}`, us, us / result.us_per_cell_s),
    ),
    '',
    row('walls and channels, WebAssembly', part_us, 1),
    ...peers,
    '',
    'us per cell and second by',
    ...growth,
    '',
    `memory   ${result.bytes_per_cell} bytes a cell`,
    ...heap,
    unequal.length === 0
      ? `equal    clear form and C give the same bits (${Object.keys(result.same_bits).join(', ')})`
      : `UNEQUAL  ${unequal.map(([name, worst]) => `${name} by ${worst.toExponential(1)}`).join(', ')}`,
    `machine  ${String(result.cpu)}, ${String(result.cpus)} CPUs, load average ` +
      `${String(result.load_average_1m)}, Node ${String(result.node)}`,
  ].join('\n')
}

function peerRow(
  result: TwinResult,
  name: PeerName,
  row: (text: string, us: number | undefined, ratio: number | null, note?: string) => string,
): string {
  const peer = result.peers[name]
  if (!peer) return row(`  ${name}`, undefined, null, 'not installed, or never as exact as ours')
  const us = peer.walls.us + peer.channels.us
  const note = `${peer.walls.way}; ${peer.channels.way}`
  return row(`  ${name}`, us, result[`ratio_${name}`], note)
}
