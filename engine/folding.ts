/** Builds what folds a line; the I/O thread and the fold threads build it alike. */
import { adviceStage } from './advice/stage.ts'
import { budgetInForce } from './anomaly/fusion/setting.ts'
import { anomalyStage } from './anomaly/stage.ts'
import { spreadOf } from './core/spread.ts'
import type { LineDefinition } from './flow.ts'
import { batchDecoder } from './ingest/batch-decoder.ts'
import { type LineFold, lineFold } from './lines/fold.ts'
import type { FoldParts, LineTrend } from './lines/fold-run.ts'
import { trendColumns, trendRing, trendRow } from './outputs/trend.ts'
import { driftMonitors } from './training/drift.ts'
import type { ModelShelf } from './training/shelf.ts'
import { createTwin } from './twin/catalog.ts'
import { scoresModels, versionsOf } from './version.ts'

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
    const drift = driftMonitors(definition, twin.channels, models?.leading)
    return lineFold(definition, {
      decoder: batchDecoder(definition),
      twin,
      anomaly: anomalyStage(definition, twin, {
        ...(models ? { cellModels: models } : {}),
        ...{ budget, drift },
      }),
      advice: adviceStage(definition, twin, versions),
      putInForce(named) {
        models?.put(named)
        drift.renew()
        budget.put(named)
        name(named)
      },
    })
  }
}

/** Builds a line's fold and the history that pictures are made of. */
export function foldParts(
  build: (definition: LineDefinition) => LineFold,
  trend_bytes_max: number,
) {
  return (definition: LineDefinition): FoldParts => {
    const fold = build(definition)
    return { fold, trend: buildTrend(definition, fold, trend_bytes_max) }
  }
}

function buildTrend(definition: LineDefinition, { twin }: LineFold, bytes_max: number): LineTrend {
  const { tenant, line, cells } = definition
  const columns = trendColumns(twin.fields, twin.channels)
  const ring = trendRing({
    ...{ cells: cells.length, columns, bytes_max },
    spread: spreadOf(`${tenant}/${line}`),
  })
  return {
    push: frame => ring.push(frame.time_ms, trendRow(frame)),
    amend: frame => ring.amend(frame.time_ms, trendRow(frame)),
    read: (cell, from_ms, points_max) => ring.read(cell, from_ms, points_max),
  }
}
