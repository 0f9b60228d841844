import { setImmediate as breathe } from 'node:timers/promises'
import type { CellScorer } from '../anomaly/tensorflow/cell-scorer.ts'
import type { ModelRecord } from '../anomaly/tensorflow/model-record.ts'
import type { Clock } from '../core/clock.ts'
import { LiquidusError, problemOf } from '../core/errors.ts'
import { comparisonRows, readBank } from './bank.ts'
import { GATE_LIMITS, type GateLimits, type GateReport, holdToGate } from './gate.ts'
import type { ModelChecks } from './model-check.ts'
import { readyModel } from './ready-model.ts'
import {
  type Alias,
  type Aliases,
  type AliasMove,
  championsBefore,
  type ModelRegistry,
} from './registry.ts'

/** A model with its versions, for lists. */
export interface ModelSummary {
  readonly name: string
  readonly versions: readonly string[]
  readonly aliases: Aliases
  /** How the challenger came to be it; absent: there is none. */
  readonly challenge?: AliasMove
}

/** All that is known of one version. */
export interface ModelDetail {
  readonly record: ModelRecord
  readonly sha256: string
  readonly aliases: readonly Alias[]
  /** Moves of aliases to this version; the approver of a champion is in `by`. */
  readonly moves: readonly AliasMove[]
}

export interface Moved {
  readonly name: string
  readonly aliases: Aliases
  readonly move: AliasMove
  /** Why a rollback went past later champions. */
  readonly skipped?: readonly string[]
}

/** What people and the engine do with the versions of a namespace. */
export interface ModelDesk {
  list(): Promise<readonly ModelSummary[]>
  show(name: string, version: string): Promise<ModelDetail>
  /** Holds a version to the gate, against the champion. */
  gate(name: string, version: string): Promise<GateReport>
  /**
   * Points an alias. A challenger and a champion have to pass the gate, else MODEL_REFUSED names
   * the numbers, and the champion that they were held against has to be it still. A challenger
   * scores beside the champion, in place of the shadow. A champion is no longer the challenger; of
   * the version `challenger` the gate is asked again.
   */
  promote(name: string, version: string, alias: Alias, by: string, reason: string): Promise<Moved>
  demote(name: string, alias: Alias, by: string, reason: string): Promise<Moved>
  /**
   * Back to the newest champion before this one that can score, or to none; past the version
   * `leave`.
   */
  rollback(name: string, by: string, reason: string, leave?: string): Promise<Moved>
}

/** The desk of a namespace; `checks` spare what was checked before. */
export function modelDesk(
  registry: ModelRegistry,
  clock: Clock,
  limits: GateLimits = GATE_LIMITS,
  checks?: ModelChecks,
): ModelDesk {
  const scorerOf = async (name: string, version: string): Promise<CellScorer> => {
    const stored = await registry.load(name, version)
    const rows = () => comparisonRows(registry.folder, stored.record)
    const model = await readyModel(stored, { rows, warn: () => {}, checks })
    await model.open(model.runtime)
    return model.scorer(model.runtime)!
  }

  const move = async (
    name: string,
    alias: Alias,
    version: string,
    facts: Partial<AliasMove>,
  ): Promise<Moved> => {
    const made = await registry.point(name, alias, version, { ...facts, at_ms: clock.now_ms() })
    return { name, aliases: await registry.aliases(name), move: made }
  }

  const gate = async (name: string, version: string): Promise<GateReport> => {
    const challenger = await scorerOf(name, version)
    const { champion } = await registry.aliases(name)
    // Nothing takes the place of a broken champion: it could be easier to beat.
    const notHeld = (error: unknown) => {
      const problem =
        `can not be held against the champion (${problemOf(error)}); restore its files, ` +
        'or roll it back first'
      throw new LiquidusError('MODEL_INVALID', { model: challenger.version, problem })
    }
    // The champion itself is held against the linear detector.
    const rival = champion === '' || `${name}/${champion}` === challenger.version ? '' : champion
    return holdToGate({
      ...{ bank: await readBank(registry.folder, name), challenger, limits },
      incumbent: rival === '' ? undefined : await scorerOf(name, rival).catch(notHeld),
      elapsed_ms: clock.elapsed_ms,
      breathe: async () => {
        await breathe()
      },
    })
  }

  return {
    gate,
    async list() {
      const names = await registry.names()
      return Promise.all(
        names.map(async name => {
          const aliases = await registry.aliases(name)
          const history = await registry.history(name)
          const challenge = history.findLast(
            ({ alias, to }) => alias === 'challenger' && to === aliases.challenger,
          )
          return {
            ...{ name, versions: await registry.versions(name), aliases },
            ...(aliases.challenger !== '' && challenge && { challenge }),
          }
        }),
      )
    },
    async show(name, version) {
      const { record, sha256 } = await registry.load(name, version)
      const aliases = await registry.aliases(name)
      const history = await registry.history(name)
      return {
        ...{ record, sha256 },
        aliases: (Object.keys(aliases) as Alias[]).filter(one => aliases[one] === record.version),
        moves: history.filter(({ to }) => to === record.version),
      }
    },
    async promote(name, version, alias, by, reason) {
      const { record } = await registry.load(name, version)
      if (alias === 'shadow') {
        await scorerOf(name, record.version)
        return move(name, alias, record.version, { by, reason })
      }
      // What the gate compares with has to be what is replaced.
      const { champion: from } = await registry.aliases(name)
      if (alias === 'challenger' && record.version === from) {
        const problem = 'is the champion; name another version'
        throw new LiquidusError('MODEL_INVALID', { model: `${name}/${record.version}`, problem })
      }
      const report = await gate(name, record.version)
      if (!report.passed) {
        const model = `${name}/${record.version}`
        throw new LiquidusError('MODEL_REFUSED', { model, problem: report.failures.join('; ') })
      }
      const facts = { by, reason, gate: report }
      if (alias === 'champion') return move(name, alias, record.version, { ...facts, from })
      // The gate takes minutes.
      const { champion: now, challenger } = await registry.aliases(name)
      if (now !== from) {
        const became = now === '' ? 'none' : `version ${now}`
        const problem = `its champion became ${became} meanwhile; look again, then try again`
        throw new LiquidusError('MODEL_INVALID', { model: name, problem })
      }
      return move(name, alias, record.version, { ...facts, from: challenger })
    },
    demote: (name, alias, by, reason) => move(name, alias, '', { by, reason }),
    async rollback(name, by, reason, leave) {
      const { champion: from } = await registry.aliases(name)
      const before = championsBefore(await registry.history(name))
      if (before.length === 0) {
        const problem = 'has no champion to go back from'
        throw new LiquidusError('MODEL_INVALID', { model: name, problem })
      }
      const skipped: string[] = []
      const canScore = (version: string) =>
        scorerOf(name, version).then(
          () => true,
          (error: unknown) => {
            skipped.push(problemOf(error))
            return false
          },
        )
      let to = ''
      for (const version of new Set(before)) {
        if (version === from || version === leave) continue
        if (version !== '' && !(await canScore(version))) continue
        to = version
        break
      }
      const why = [reason, ...skipped.map(one => `skipped: ${one}`)].join('; ')
      const moved = await move(name, 'champion', to, { from, by, reason: why, rollback: true })
      return { ...moved, skipped }
    },
  }
}
