import { LiquidusError } from '../core/errors.ts'
import { isTickOffset } from '../core/tick-grid.ts'
import { knownUnits, unitOf } from '../core/units.ts'
import type { LineDefinition } from '../flow.ts'
import { cellNames, potlineDefinition } from './potline.ts'

const NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/
const ASSET = /^[\w][\w .+()-]{0,63}$/u
/** Series of one line at most. */
const SERIES_MAX = 200_000

/** A line as the configuration file writes it. */
export interface ConfiguredLine extends Omit<LineDefinition, 'cells'> {
  readonly cells: readonly string[] | number
  readonly feeders: number
  readonly anodes: number
  readonly shell_temperatures: number
}

export function definitionOf(line: ConfiguredLine): LineDefinition {
  const cells = typeof line.cells === 'number' ? cellNames(line.cells) : line.cells
  const moved = line.tick_offset_ms ? { tick_offset_ms: line.tick_offset_ms } : {}
  if (line.kind === 'potline') {
    const shellTemperatures = line.shell_temperatures
    return { ...potlineDefinition({ ...line, cells, shellTemperatures }), ...moved }
  }
  const { tenant, line: name, kind, clock, origin, tick_ms, tags } = line
  return { tenant, line: name, kind, clock, origin, tick_ms, ...moved, cells, tags }
}

/** Throws CONFIG_INVALID naming what is wrong with the definition and how to mend it. */
export function checkDefinition(definition: LineDefinition): void {
  const fail = (key: string, problem: string): never => {
    throw new LiquidusError('CONFIG_INVALID', { key, source: `line ${definition.line}`, problem })
  }
  if (!NAME.test(definition.line)) fail('line', 'must match [a-z0-9][a-z0-9._-]{0,63}')
  if (!NAME.test(definition.tenant)) fail('tenant', 'must match [a-z0-9][a-z0-9._-]{0,63}')
  if (!(definition.tick_ms >= 10 && definition.tick_ms <= 3_600_000)) {
    fail('tick_ms', 'must be between 10 and 3600000')
  }
  if (!isTickOffset(definition)) {
    fail('tick_offset_ms', 'must be a whole number from 0 to less than tick_ms')
  }
  if (definition.cells.length === 0) fail('cells', 'must name at least one cell or asset')
  if (definition.tags.length === 0) fail('tags', 'must name at least one tag')
  if (definition.cells.length * definition.tags.length > SERIES_MAX) {
    fail('tags', `make more than ${SERIES_MAX} series; split the line`)
  }
  unique(definition.cells, 'cells', fail)
  unique(
    definition.tags.map(tag => tag.tag),
    'tags',
    fail,
  )
  for (const cell of definition.cells) {
    if (!ASSET.test(cell))
      fail('cells', `has "${cell}"; use letters, digits, space and . _ + ( ) -`)
  }
  for (const tag of definition.tags) {
    if (!ASSET.test(tag.tag)) fail('tags', `has "${tag.tag}"; use letters, digits, space and . _ -`)
    if (!unitOf(tag.unit)) {
      fail(`tags.${tag.tag}.unit`, `"${tag.unit}" is not known; known: ${knownUnits.join(' ')}`)
    }
    if (!(tag.low < tag.high)) fail(`tags.${tag.tag}.low`, 'must be below high')
  }
}

function unique(
  names: readonly string[],
  key: string,
  fail: (key: string, problem: string) => never,
): void {
  const seen = new Set<string>()
  for (const name of names) {
    if (seen.has(name)) fail(key, `names "${name}" twice`)
    seen.add(name)
  }
}
