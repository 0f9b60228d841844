import { writeFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import path from 'node:path'
import { CHECKED_FOLDER, checkedFiles } from '../anomaly/onnx/checked-files.ts'
import { loadConfig } from '../config.ts'
import { systemClock } from '../core/clock.ts'
import { LiquidusError, problemOf } from '../core/errors.ts'
import { gatherBank, writeBank } from '../training/bank.ts'
import { type ModelDesk, type Moved, modelDesk } from '../training/desk.ts'
import { GATE_LIMITS } from '../training/gate.ts'
import { checkHere } from '../training/model-check.ts'
import { type Alias, type ModelRegistry, modelRegistry } from '../training/registry.ts'
import { VERSION } from '../version.ts'
import { type Command, type OptionValues, printJson, say, usage } from './command.ts'
import { compareRows, gateRows, listRows, showRows, tableText } from './model-tables.ts'
import { tellNext, tellProgress } from './train.ts'
import { recordedRuns } from './training-runs.ts'

const ALIASES: readonly string[] = ['champion', 'challenger', 'shadow']

export const modelsCommand: Command = {
  summary: 'List, show, compare, promote, roll back, register and export models of the registry.',
  usage: 'ACTION [NAME[/VERSION]] ...',
  details: `  list                       all models with their versions and aliases
  show NAME/VERSION          one version: record, metrics, who approved it
  compare NAME/V NAME/V      two versions side by side, with what the gate finds
  compare NAME               the champion, else the shadow, beside the challenger
  gate NAME/VERSION          hold a version to the gate and change nothing
  challenge NAME/VERSION     make it challenger, if the gate lets it
  promote NAME[/VERSION]     make it, else the challenger, champion, if the gate lets it
  demote NAME                no champion: only scores, nothing alarms (--alias)
  rollback NAME              back to the champion before that still loads, else to none
  register DIR               add a Keras or TensorFlow.js LayersModel trained elsewhere
  export NAME[/VERSION]      write its network as an ONNX file: --onnx FILE
  bank NAME                  freeze the rows of the gate: --normal and --faults recordings

A champion raises alarms; the shadow only scores. The challenger is the version that asks to become
champion: it passed the gate and scores in place of the shadow until somebody promotes it, for
which it has to pass again, or demotes it (--alias challenger). What is new is the shadow. A running
engine takes a change at its next tick.
A bank is made once; a challenger has to keep the false events of its normal rows within the budget,
to find as many of its faults as the champion (more than the linear detector where there is none),
and to answer in time.

register takes the folder that tensorflowjs_converter or model.save() writes (model.json and its
weights), and a scaler file: {"features": [...], "centre": [...], "scale": [...], "threshold": N}.
With "tick_ms" and "tags", each {"tag", "unit", "period_ms", "resolution"} in SI, or with --calibrate
a change of resolution is seen.
The features are those of any version here (show --json), in the same order; without a threshold
--calibrate finds one. A network of input [rows, features] needs "window": {"rows": 2..64,
"answer": "window", "newest" or "next"}: it rebuilds the window or its newest row, or tells the next;
the rows are a minute apart.`,
  options: {
    config: { type: 'string', value: 'FILE', help: 'configuration of the engine' },
    models: { type: 'string', value: 'DIR', help: 'the registry (default ./models)' },
    tenant: { type: 'string', value: 'NAME', help: 'namespace of a tenant (default: shared)' },
    alias: { type: 'string', value: 'ALIAS', help: 'champion (default), challenger or shadow' },
    model: { type: 'string', value: 'NAME', help: 'register: name (default potline-cells)' },
    scaler: { type: 'string', value: 'FILE', help: 'register: features, centre, scale, JSON' },
    calibrate: { type: 'string', value: 'DIR,...', help: 'register: recordings for the threshold' },
    onnx: { type: 'string', value: 'FILE', help: 'export: where to write' },
    normal: { type: 'string', value: 'DIR,...', help: 'bank: recordings of normal running' },
    faults: { type: 'string', value: 'DIR,...', help: 'bank: recordings with known faults' },
    budget: {
      type: 'number',
      value: 'N',
      help: 'gate: false events per line-day (default: anomaly.events_per_line_day)',
    },
    p99: { type: 'number', value: 'MS', help: 'gate: slowest 99th percentile (default 50)' },
    comment: { type: 'string', value: 'TEXT', help: 'why; kept with the alias' },
    by: { type: 'string', value: 'NAME', help: 'approver or author (default: you)' },
    json: { type: 'boolean', help: 'print one JSON object' },
  },
  async run(options, [action = '', ...targets]) {
    const act = ACTIONS[action]
    if (!act) {
      const problem = action === '' ? 'name an action' : `unknown action "${action}"`
      throw usage(`${problem}: ${Object.keys(ACTIONS).join(', ')}`)
    }
    const config = loadConfig({ file: options.config as string | undefined })
    const root = path.resolve((options.models as string | undefined) ?? config.models)
    const registry = modelRegistry(root, options.tenant as string | undefined)
    const { budget = config.anomaly.events_per_line_day, p99 = GATE_LIMITS.p99_max_ms } = options
    const limits = { events_per_line_day: budget as number, p99_max_ms: p99 as number }
    const checks = { files: checkedFiles(CHECKED_FOLDER), check: checkHere }
    const desk = modelDesk(registry, systemClock, limits, checks)
    return act({ registry, desk, options, targets })
  },
}

interface Call {
  readonly registry: ModelRegistry
  readonly desk: ModelDesk
  readonly options: OptionValues
  readonly targets: readonly string[]
}

const ACTIONS: Readonly<Record<string, (call: Call) => Promise<number>>> = {
  async list({ registry, desk, options }) {
    const models = await desk.list()
    if (options.json) printJson({ models })
    else if (models.length === 0)
      say(`no models in ${registry.folder} yet; see: liquidus train --help`)
    else process.stdout.write(tableText(listRows(models)))
    return 0
  },
  async show({ desk, options, targets }) {
    const detail = await desk.show(...versioned(targets[0]))
    if (options.json) printJson(detail)
    else process.stdout.write(tableText(showRows(detail)))
    return 0
  },
  async compare({ desk, options, targets }) {
    const pair = await paired(desk, targets)
    const details = await Promise.all(pair.map(one => desk.show(...one)))
    const gates = []
    for (const one of pair) gates.push(await desk.gate(...one).catch(() => undefined))
    if (options.json) printJson({ versions: details, gates })
    else process.stdout.write(tableText(compareRows(details, gates)))
    return 0
  },
  async gate({ desk, options, targets }) {
    const report = await desk.gate(...versioned(targets[0]))
    if (options.json) printJson(report)
    else process.stdout.write(tableText(gateRows(report)))
    return report.passed ? 0 : 1
  },
  async challenge({ desk, options, targets }) {
    const [name, version] = versioned(targets[0])
    const moved = desk.promote(name, version, 'challenger', byOf(options), commentOf(options))
    return told(await moved, options)
  },
  async promote({ desk, options, targets }) {
    const alias = aliasOf(options)
    const isWhole = alias !== 'champion' || (targets[0] ?? '').includes('/')
    const [name, version] = isWhole
      ? versioned(targets[0])
      : ([nameOf(targets), 'challenger'] as const)
    return told(
      await desk.promote(name, version, alias, byOf(options), commentOf(options)),
      options,
    )
  },
  async demote({ desk, options, targets }) {
    const moved = desk.demote(nameOf(targets), aliasOf(options), byOf(options), commentOf(options))
    return told(await moved, options)
  },
  async rollback({ desk, options, targets }) {
    const moved = desk.rollback(nameOf(targets), byOf(options), commentOf(options))
    return told(await moved, options)
  },
  async register({ registry, options, targets }) {
    if (targets.length === 0) throw usage('name the folder of the model: models register DIR')
    if (options.scaler === undefined) throw usage('name the scaler with --scaler FILE')
    const folders = options.calibrate as string | undefined
    const runs = folders === undefined ? [] : await recordedRuns(folders)
    const { registerModel } = await import('../training/register.ts')
    const record = await registerModel({
      ...{ registry, runs, folder: nameOf(targets), scaler_path: options.scaler as string },
      name: (options.model as string | undefined) ?? 'potline-cells',
      sources: () => runs.map(run => run.digest()),
      ...{ author: byOf(options), code: VERSION, onProgress: tellProgress(runs.length) },
    })
    if (options.json) printJson(record)
    else {
      say(`${record.name}/${record.version}: registered as shadow, threshold ${record.threshold}`)
      if ((record.inputs?.tags ?? []).length === 0) {
        say('no resolutions are known: give "tags" in the scaler file, or --calibrate recordings')
      }
      tellNext(record)
    }
    return 0
  },
  async export({ registry, options, targets }) {
    const file = options.onnx as string | undefined
    if (file === undefined) throw usage('name the file with --onnx FILE')
    const [name, version] = nameOf(targets).split('/') as [string, string | undefined]
    const stored = await (version === undefined
      ? registry.loadLive(name)
      : registry.load(name, version))
    if (!stored) throw usage(`${name} has no champion, challenger or shadow; name a version`)
    const { exportModel } = await import('../anomaly/tensorflow/export-model.ts')
    const bytes = await exportModel(stored)
    await writeFile(file, bytes).catch((error: unknown) => {
      throw new LiquidusError('FILE_UNWRITABLE', { path: file, problem: problemOf(error) })
    })
    const model = `${name}/${stored.record.version}`
    if (options.json) printJson({ model, file, bytes: bytes.length })
    else say(`${model}: ${bytes.length} bytes to ${file}; its scaler is in the file's metadata`)
    return 0
  },
  async bank({ registry, options, targets }) {
    const { normal, faults } = options
    if (normal === undefined || faults === undefined) throw usage('name --normal and --faults')
    const bank = await gatherBank(
      await recordedRuns(normal as string),
      await recordedRuns(faults as string),
      (source, rows) => say(`${source}: ${rows} rows so far`),
    )
    await writeBank(registry.folder, nameOf(targets), bank)
    const { sha256, cell_days, episodes, sources } = bank
    const rows = bank.rows.times_ms.length
    if (options.json) printJson({ sha256, rows, cell_days, episodes, sources })
    else {
      say(
        `${rows} rows, ${cell_days.toFixed(2)} normal cell-days, ${episodes.length} faults; ` +
          `bank ${sha256.slice(0, 12)}`,
      )
    }
    return 0
  },
}

function versioned(target: string | undefined): [string, string] {
  const [name, version] = (target ?? '').split('/') as [string, string | undefined]
  if (name === '') throw usage('name the model and the version, e.g. potline-cells/1')
  if (version === undefined) throw usage(`name the version, e.g. ${name}/1`)
  return [name, version]
}

/** The two versions to compare; of a name alone, what leads and what asks to. */
async function paired(desk: ModelDesk, targets: readonly string[]) {
  const [first, second] = targets
  if (second !== undefined || first?.includes('/')) return [versioned(first), versioned(second)]
  const model = (await desk.list()).find(({ name }) => name === nameOf(targets))
  if (!model) throw usage(`there is no model ${first}; see: liquidus models list`)
  const { champion, challenger, shadow } = model.aliases
  if (challenger === '') throw usage(`${first} has no challenger; name two versions`)
  const lead = champion || shadow
  return [[model.name, lead] as const, [model.name, challenger] as const]
}

function nameOf([target]: readonly string[]): string {
  if (target === undefined) throw usage('name what the action is about')
  return target
}

function aliasOf(options: OptionValues): Alias {
  const alias = (options.alias as string | undefined) ?? 'champion'
  if (!ALIASES.includes(alias))
    throw usage(`unknown alias "${alias}"; known: ${ALIASES.join(', ')}`)
  return alias as Alias
}

const byOf = (options: OptionValues) => (options.by as string | undefined) ?? userInfo().username
const commentOf = (options: OptionValues) => (options.comment as string | undefined) ?? ''

function told(moved: Moved, options: OptionValues): number {
  const { name, aliases, move, skipped } = moved
  const { gate } = move
  if (options.json)
    printJson({ name, ...aliases, ...(gate && { gate }), ...(skipped && { skipped }) })
  else {
    for (const why of skipped ?? []) say(`skipped: ${why}`)
    const rows = Object.entries(aliases).map(([alias, version]) => `${alias} ${version || 'none'}`)
    say(`${name}: ${rows.join(', ')}`)
  }
  return 0
}
