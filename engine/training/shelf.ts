import { existsSync } from 'node:fs'
import type { CellModels, CellScorer, Runtime } from '../anomaly/tensorflow/cell-scorer.ts'
import type { ModelRecord } from '../anomaly/tensorflow/model-record.ts'
import { problemOf } from '../core/errors.ts'
import { comparisonRows } from './bank.ts'
import type { DriftModel } from './drift.ts'
import type { ModelChecks } from './model-check.ts'
import { type ReadyModel, readyModel } from './ready-model.ts'
import { championsBefore, type ModelRegistry, modelRegistry, registryTenants } from './registry.ts'

/** Model of the registry that scores potline cells. */
export const LIVE_MODEL = 'potline-cells'
/** Versions of a namespace that are held ready: a log may name any of them. */
const READY_MAX = 64
const HASH_CHARS = 16

/** Versions as the log names them; equal names give equal scores. */
export type NamedModels = Readonly<Record<string, string>>

/** The models of one line; `put` replaces them between two ticks. */
export interface LineModels extends CellModels {
  /** What the leading one is, for the monitors of the line; undefined: none that is known. */
  leading(): DriftModel | undefined
  put(named: NamedModels): void
}

/** The models of a registry, ready to score, and which of them are in force. */
export interface ModelShelf {
  /** What the log of a tenant's lines has to name now. */
  inForce(tenant: string): NamedModels
  /** The models of a line; they begin with those in force. */
  forLine(tenant: string): LineModels
  /** Record of the model that leads a tenant's lines. */
  record(tenant: string): ModelRecord | undefined
  /** The namespace that serves a tenant: its own where it has this model, else the shared one. */
  registryOf(tenant: string): ModelRegistry
  /** The namespace of a tenant alone, be there anything in it or not. */
  ownRegistry(tenant: string): ModelRegistry
  /**
   * Makes ready what a log names and this shelf has not seen or not opened; what fails is told at
   * its use.
   */
  hold(tenant: string, named: NamedModels): Promise<void>
  /** Looks at the aliases again; true when other models are in force. What fails stays out. */
  refresh(): Promise<boolean>
}

interface Ready extends ReadyModel {
  readonly version: string
  readonly sha256: string
}

/** A log that names no runtime is from before there were two. */
const runtimeNamed = (runtime: string | undefined): Runtime =>
  runtime === 'onnx' ? 'onnx' : 'tensorflow'

interface Namespace {
  readonly registry: ModelRegistry
  aliases: string
  champion: Ready | undefined
  /** The challenger, else the shadow: it scores beside the champion, or alone. */
  second: Ready | undefined
}

/**
 * Opens a registry; `report` hears what is refused and why. With `checks`, a model scores
 * only after `hold`; without, every one is loaded and can score at once.
 */
export async function openShelf(
  folder: string,
  report: (text: string) => void,
  checks?: ModelChecks,
): Promise<ModelShelf> {
  if (!existsSync(folder)) report(`no model registry at ${folder}: the autoencoder does not score`)
  const ready = new Map<string, Ready>() // by hash
  const namespaces = new Map<string, Namespace>() // by tenant, '' is shared
  const shared = modelRegistry(folder)

  const load = async (registry: ModelRegistry, version: string): Promise<Ready> => {
    const stored = await registry.load(LIVE_MODEL, version)
    const sha256 = stored.sha256.slice(0, HASH_CHARS)
    const known = ready.get(sha256)
    if (known) return known
    const rows = () => comparisonRows(registry.folder, stored.record)
    const model = await readyModel(stored, { rows, warn: report, checks })
    const made = { ...model, version: stored.record.version, sha256 }
    ready.set(sha256, made)
    return made
  }

  /** The first of the versions that can score; says why those before it can not. */
  const firstOf = async (registry: ModelRegistry, versions: readonly string[], kept?: Ready) => {
    for (const version of versions.filter(one => one !== '')) {
      try {
        return await load(registry, version)
      } catch (error) {
        const stays = kept ? `; ${LIVE_MODEL}/${kept.version} stays in force` : ''
        report(`refused: ${problemOf(error)}${stays}`)
        if (kept) return kept
      }
    }
    return undefined
  }

  const readNamespace = async (tenant: string): Promise<boolean> => {
    const registry = tenant === '' ? shared : modelRegistry(folder, tenant)
    const before = namespaces.get(tenant)
    try {
      const now = await registry.aliases(LIVE_MODEL)
      const aliases = JSON.stringify(now)
      if (before?.aliases === aliases) return false
      if (!before) await loadAll(registry)
      const earlier = before ? [] : championsBefore(await registry.history(LIVE_MODEL))
      const champion = now.champion
        ? await firstOf(registry, [now.champion, ...earlier], before?.champion)
        : undefined
      const second = await firstOf(registry, [now.challenger, now.shadow], before?.second)
      namespaces.set(tenant, { registry, aliases, champion, second })
      return true
    } catch (error) {
      if (!before) report(`refused: ${problemOf(error)}`)
      return false
    }
  }

  const loadAll = async (registry: ModelRegistry) => {
    for (const version of (await registry.versions(LIVE_MODEL)).slice(-READY_MAX)) {
      // What can not score is told when it is asked for.
      await load(registry, version).catch(() => undefined)
    }
  }

  const refresh = async () => {
    let changed = await readNamespace('')
    for (const tenant of await registryTenants(folder)) {
      if (await readNamespace(tenant)) changed = true
    }
    return changed
  }

  const spaceOf = (tenant: string): Namespace | undefined => {
    const own = namespaces.get(tenant)
    return own && (own.champion || own.second) ? own : namespaces.get('')
  }

  const shelf: ModelShelf = {
    refresh,
    record: tenant => (spaceOf(tenant)?.champion ?? spaceOf(tenant)?.second)?.record,
    registryOf: tenant => spaceOf(tenant)?.registry ?? shared,
    ownRegistry: tenant => modelRegistry(folder, tenant),
    async hold(tenant, named) {
      for (const [name, sha256, runtime] of [
        [named.model, named.model_sha256, named.model_runtime],
        [named.shadow, named.shadow_sha256, named.shadow_runtime],
      ] as const) {
        const version = name?.split('/')[1]
        if (name === undefined || version === undefined) continue
        if (sha256 === undefined || !ready.has(sha256)) {
          const spaces = [shelf.registryOf(tenant), modelRegistry(folder, tenant), shared]
          for (const registry of new Set(spaces)) {
            await load(registry, version).catch(() => undefined)
          }
        }
        await findReady(ready, name, sha256)
          ?.open(runtimeNamed(runtime))
          .catch((error: unknown) => report(`${name} does not score: ${problemOf(error)}`))
      }
    },
    inForce(tenant) {
      const space = spaceOf(tenant)
      const lead = space?.champion ?? space?.second
      if (!space || !lead) return { model: 'none' }
      const { champion, second } = space
      const named = {
        ...{ model: `${LIVE_MODEL}/${lead.version}`, model_sha256: lead.sha256 },
        model_role: champion ? 'champion' : 'shadow',
        model_runtime: lead.runtime,
      }
      if (!champion || !second || second === champion) return named
      const beside = { shadow: `${LIVE_MODEL}/${second.version}`, shadow_sha256: second.sha256 }
      return { ...named, ...beside, shadow_runtime: second.runtime }
    },
    forLine(tenant) {
      const models = lineModels(ready, report)
      models.put(shelf.inForce(tenant))
      return models
    },
  }
  await refresh()
  return shelf
}

/** The model that a log names by its hash; one of long ago by its version alone. */
function findReady(
  ready: ReadonlyMap<string, Ready>,
  name: string,
  sha256: string | undefined,
): Ready | undefined {
  if (sha256 !== undefined) return ready.get(sha256)
  return [...ready.values()].find(({ record }) => `${record.name}/${record.version}` === name)
}

function lineModels(ready: ReadonlyMap<string, Ready>, report: (text: string) => void): LineModels {
  let lead: CellScorer | undefined
  let second: CellScorer | undefined
  let leading: DriftModel | undefined
  const find = (
    version: string | undefined,
    sha256: string | undefined,
    promoted: boolean,
    runtime: string | undefined,
  ): CellScorer | undefined => {
    if (version === undefined || version === 'none') return undefined
    const found = findReady(ready, version, sha256)
    // Another model in its place would give other results and not say so.
    if (!found) {
      report(`the log names model ${version} (${sha256}), which is not in the registry`)
      return undefined
    }
    const named = runtimeNamed(runtime)
    const without = named === 'onnx' && found.runtime !== 'onnx'
    if (without) report(`the log names ONNX for ${version}: last digits may differ from then`)
    const scorer = found.scorer(without ? found.runtime : named)
    if (!scorer) report(`${version} is not loaded: it does not score`)
    return scorer && { ...scorer, promoted }
  }
  return {
    get lead() {
      return lead
    },
    get second() {
      return second
    },
    leading: () => leading,
    put(named) {
      const { model, model_sha256, model_role, shadow, shadow_sha256 } = named
      const known = model && model !== 'none' ? findReady(ready, model, model_sha256) : undefined
      leading = known && { sha256: known.sha256, record: known.record }
      lead = find(model, model_sha256, model_role === 'champion', named.model_runtime)
      second = find(shadow, shadow_sha256, false, named.shadow_runtime)
    },
  }
}
