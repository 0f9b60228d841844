/** Builds what folds a line; the I/O thread and the fold threads build it alike. */
import { adviceStage } from './advice/stage.ts'
import { budgetInForce } from './anomaly/fusion/setting.ts'
import { anomalyStage } from './anomaly/stage.ts'
import type { LineDefinition } from './flow.ts'
import { batchDecoder } from './ingest/batch-decoder.ts'
import { type LineFold, lineFold } from './lines/fold.ts'
import type { FoldParts, LineTrend } from './lines/fold-run.ts'
import { fillTrendRow, trendColumns, trendRing } from './outputs/trend.ts'
import type { ModelShelf } from './training/shelf.ts'
import { createTwin } from './twin/catalog.ts'
import { VERSION } from './version.ts'

/** Builds a line's fold; its models are those that its log names, to begin with those in force. */
export function foldBuilder(shelf: Pick<ModelShelf, 'forLine' | 'inForce'>) {
  return (definition: LineDefinition): LineFold => {
    const twin = createTwin(definition)
    const models = scoresModels(definition) ? shelf.forLine(definition.tenant) : undefined
    const budget = budgetInForce(definition.line)
    const versions: Record<string, string> = {}
    const name = (named: Readonly<Record<string, string>>) => {
      for (const key of Object.keys(versions)) delete versions[key]
      Object.assign(versions, named, { twin: twin.version })
    }
    name(versionsOf(shelf, definition.tenant))
    return lineFold(definition, {
      decoder: batchDecoder(definition),
      twin,
      anomaly: anomalyStage(definition, twin, {
        ...(models ? { cellModels: models } : {}),
        budget,
      }),
      advice: adviceStage(definition, twin, versions),
      putInForce(named) {
        models?.put(named)
        budget.put(named)
        name(named)
      },
    })
  }
}

/** Whether models of the registry score the line. */
export function scoresModels({ kind }: Pick<LineDefinition, 'kind'>): boolean {
  return kind === 'potline'
}

/** Builds a line's fold and the history that pictures are made of. */
export function foldParts(build: (definition: LineDefinition) => LineFold) {
  return (definition: LineDefinition): FoldParts => {
    const fold = build(definition)
    return { fold, trend: buildTrend(definition, fold) }
  }
}

/** Versions in force for a tenant's lines, as their log names them. */
export function versionsOf(
  shelf: Pick<ModelShelf, 'inForce'>,
  tenant: string,
): Readonly<Record<string, string>> {
  return { engine: VERSION, ...shelf.inForce(tenant) }
}

function buildTrend(definition: LineDefinition, fold: LineFold): LineTrend {
  const columns = trendColumns(fold.twin.fields, fold.twin.channels)
  const ring = trendRing({ cells: definition.cells.length, columns })
  const row = new Float64Array(columns.length * definition.cells.length)
  return {
    push(twin) {
      fillTrendRow(twin, row)
      ring.push(twin.time_ms, row)
    },
    read: (cell, from_ms, points_max) => ring.read(cell, from_ms, points_max),
  }
}
