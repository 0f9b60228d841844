import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ModelRecord, StoredModel } from '../anomaly/tensorflow/model-record.ts'
import { LiquidusError, problemOf } from '../core/errors.ts'
import { makeDirectory } from '../core/make-directory.ts'
import type { GateReport } from './gate.ts'
import { alone } from './registry-lock.ts'
import { sha256 } from './sha256.ts'

/** Names that point at a version: it alarms, it asks to, it only scores. */
export interface Aliases {
  readonly champion: string
  readonly challenger: string
  readonly shadow: string
}
export type Alias = keyof Aliases

/** Who moved an alias and why; the approver of a champion is in its move. */
export interface AliasMove {
  readonly alias: Alias
  readonly from: string
  readonly to: string
  readonly by: string
  readonly at_ms: number
  readonly reason: string
  /** It undoes the promotion before it. */
  readonly rollback?: boolean
  /** What the gate found, where it was asked. */
  readonly gate?: GateReport
}

/** Models on disk: `<name>/<version>/{model.json, weights.bin, record.json}` and aliases. */
export interface ModelRegistry {
  /** Folder of the namespace. */
  readonly folder: string
  names(): Promise<readonly string[]>
  /** Versions of a model, oldest first. */
  versions(name: string): Promise<readonly string[]>
  aliases(name: string): Promise<Aliases>
  /** Moves of the aliases, oldest first; bounded. */
  history(name: string): Promise<readonly AliasMove[]>
  /** A version by number or alias; throws MODEL_INVALID when it is not there or not whole. */
  load(name: string, version: string): Promise<StoredModel>
  /** The champion, else the challenger, else the shadow, else undefined. */
  loadLive(name: string): Promise<StoredModel | undefined>
  /** Next free version number. */
  nextVersion(name: string): Promise<string>
  /** Writes a new version whole or not at all, and points `shadow` at it. */
  add(record: ModelRecord, model: unknown, weights: Uint8Array): Promise<void>
  /** The same under the next free number, however many do so at once; gives the record. */
  addNext(record: ModelRecord, model: unknown, weights: Uint8Array): Promise<ModelRecord>
  /**
   * Points an alias at a version, or at none with ''; one atomic change of one file. With `from`,
   * only where the alias still points there. What becomes champion is challenger no more, in the
   * same change. Gives the move.
   */
  point(name: string, alias: Alias, version: string, move?: Partial<AliasMove>): Promise<AliasMove>
}

const NAME = /^[a-z0-9][a-z0-9-]{0,63}$/
const TENANT = /^[a-z0-9][a-z0-9._-]{0,63}$/
const ALIASES = 'aliases.json'
/** Namespaces of tenants live here; no model may have this name. */
const TENANTS = 'tenants'
const NO_ALIASES: Aliases = { champion: '', challenger: '', shadow: '' }
/** Moves of aliases kept for the audit. */
const HISTORY_MAX = 200

interface Pointers extends Aliases {
  /** Of each version, as it was when it was added; those of long ago have none until a move. */
  readonly sha256: Readonly<Record<string, string>>
  readonly history: readonly AliasMove[]
}

const fail = (model: string, problem: string) =>
  new LiquidusError('MODEL_INVALID', { model, problem })

/** A path inside the registry; names can not lead out of it. */
function pathOf(folder: string, name: string, ...rest: string[]): string {
  for (const part of [name, ...rest.slice(0, 1)]) {
    const valid = NAME.test(part) && part !== TENANTS
    if (!valid && part !== ALIASES) throw fail(part, 'is not a valid name')
  }
  return join(folder, name, ...rest)
}

async function listVersions(folder: string, name: string): Promise<readonly string[]> {
  const entries = await readdir(pathOf(folder, name), { withFileTypes: true }).catch(() => [])
  const found = entries.filter(entry => entry.isDirectory() && /^\d+$/.test(entry.name))
  return found.map(entry => entry.name).sort((a, b) => Number(a) - Number(b))
}

async function listNames(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => [])
  return entries
    .filter(entry => entry.isDirectory() && NAME.test(entry.name) && entry.name !== TENANTS)
    .map(entry => entry.name)
    .sort()
}

const unknown = async (folder: string, name: string) =>
  fail(name, `is not in ${folder}; models there: ${(await listNames(folder)).join(', ') || 'none'}`)

async function readPointers(folder: string, name: string): Promise<Pointers> {
  const text = await readFile(pathOf(folder, name, ALIASES), 'utf8').catch(() => '{}')
  try {
    return { ...NO_ALIASES, sha256: {}, history: [], ...(JSON.parse(text) as Partial<Pointers>) }
  } catch (error) {
    throw fail(name, `${ALIASES} is not whole: ${problemOf(error)}`)
  }
}

async function writePointers(folder: string, name: string, value: Pointers): Promise<void> {
  const path = pathOf(folder, name, ALIASES)
  await writeFile(`${path}.new`, `${JSON.stringify(value, undefined, 2)}\n`)
  await rename(`${path}.new`, path)
}

/** Reads, changes and writes the aliases of a model as one step for all who do. */
const changing = <T>(folder: string, name: string, change: () => Promise<T>): Promise<T> =>
  alone(name, `${pathOf(folder, name, ALIASES)}.lock`, change)

async function movePointer(
  folder: string,
  name: string,
  alias: Alias,
  version: string,
  { from: expected, ...move }: Partial<AliasMove>,
  added?: string,
): Promise<AliasMove> {
  const known = await listVersions(folder, name)
  if (known.length === 0) throw await unknown(folder, name)
  if (version !== '' && !known.includes(version)) {
    throw fail(name, `has no version ${version}; known: ${known.join(', ')}`)
  }
  return changing(folder, name, async () => {
    const pointers = await readPointers(folder, name)
    const from = pointers[alias]
    if (expected !== undefined && from !== expected) {
      const now = from === '' ? 'none' : `version ${from}`
      throw fail(name, `its ${alias} became ${now} meanwhile; look again, then try again`)
    }
    const made = { by: '', at_ms: 0, reason: '', ...move, alias, from, to: version }
    const moves: AliasMove[] = [made]
    let { challenger } = pointers
    if (alias === 'champion' && version !== '' && challenger === version) {
      const { by, at_ms } = made
      moves.push({
        ...{ alias: 'challenger', from: challenger, to: '', by, at_ms },
        reason: 'became champion',
      })
      challenger = ''
    }
    const history = [...pointers.history, ...moves].slice(-HISTORY_MAX)
    const hash = added ?? pointers.sha256[version] ?? (await hashOf(folder, name, version))
    const sha256 = { ...pointers.sha256, ...(hash === undefined ? {} : { [version]: hash }) }
    const next = { ...pointers, challenger, [alias]: version, sha256, history }
    await writePointers(folder, name, next)
    return made
  })
}

async function loadModel(folder: string, name: string, version: string): Promise<StoredModel> {
  const pointers = await readPointers(folder, name)
  const isAlias = Object.hasOwn(NO_ALIASES, version)
  const found = isAlias ? pointers[version as Alias] : version
  if (found === '') {
    throw pointers.history.length > 0
      ? fail(name, `has no ${version}`)
      : await unknown(folder, name)
  }
  const named = `${name}/${found}`
  pathOf(folder, name, found) // refuses names that lead elsewhere
  const known = await listVersions(folder, name)
  if (known.length === 0) throw await unknown(folder, name)
  if (!known.includes(found)) {
    throw fail(named, `there is no such version; known: ${known.join(', ')}`)
  }
  const parse = <T>(file: string, bytes: Buffer): T => {
    try {
      return JSON.parse(String(bytes)) as T
    } catch (error) {
      throw fail(named, `${file} is not whole: ${problemOf(error)}`)
    }
  }
  const files = await readFiles(folder, name, found).catch(error => {
    throw fail(named, problemOf(error))
  })
  const [recordBytes, modelBytes, weights] = files
  const record = parse<ModelRecord>('record.json', recordBytes)
  if (record.schema !== 1 && record.schema !== 2) {
    throw fail(named, `record schema ${record.schema} is not known`)
  }
  if (record.name !== name || record.version !== found) {
    throw fail(named, `its record is of ${record.name}/${record.version}`)
  }
  if (sha256(weights) !== record.weights_sha256) throw fail(named, 'weights do not match record')
  const model: unknown = parse('model.json', modelBytes)
  const hash = sha256(Buffer.concat(files))
  if (hash !== (pointers.sha256[found] ?? hash)) {
    throw fail(
      named,
      'its files were changed after it was added; restore them, or add the change as a new version',
    )
  }
  const promoted = pointers.champion === found
  return { ...{ record, model, weights, promoted }, sha256: hash }
}

type VersionFiles = readonly [record: Buffer, model: Buffer, weights: Buffer]

async function readFiles(folder: string, name: string, version: string): Promise<VersionFiles> {
  const read = (file: string) => readFile(pathOf(folder, name, version, file))
  return Promise.all([read('record.json'), read('model.json'), read('weights.bin')])
}

/** What `load` gives as the hash of a version; undefined where its files can not be read. */
const hashOf = (folder: string, name: string, version: string): Promise<string | undefined> =>
  readFiles(folder, name, version).then(
    files => sha256(Buffer.concat(files)),
    () => undefined,
  )

const taken = (name: string, version: string) =>
  fail(`${name}/${version}`, 'is there already; versions never change')

async function writeModel(
  folder: string,
  record: ModelRecord,
  model: unknown,
  weights: Uint8Array,
): Promise<string> {
  const { name, version } = record
  const target = pathOf(folder, name, version)
  if (existsSync(target)) throw taken(name, version)
  const draft = `${target}.${randomUUID()}.new`
  makeDirectory(draft)
  const files: VersionFiles = [
    Buffer.from(`${JSON.stringify(record, undefined, 2)}\n`),
    Buffer.from(`${JSON.stringify(model)}\n`),
    Buffer.from(weights),
  ]
  await writeFile(join(draft, 'record.json'), files[0])
  await writeFile(join(draft, 'model.json'), files[1])
  await writeFile(join(draft, 'weights.bin'), files[2])
  await rename(draft, target).catch(async error => {
    await rm(draft, { recursive: true, force: true })
    if (existsSync(target)) throw taken(name, version)
    throw fail(`${name}/${version}`, `cannot be written: ${problemOf(error)}`)
  })
  return sha256(Buffer.concat(files))
}

const pointAtNew = (folder: string, { name, version, author = '' }: ModelRecord, added: string) =>
  movePointer(folder, name, 'shadow', version, { by: author, reason: 'new' }, added)

async function nextVersion(folder: string, name: string): Promise<string> {
  const taken = await listVersions(folder, name)
  return String(taken.reduce((most, version) => Math.max(most, Number(version) || 0), 0) + 1)
}

/**
 * The registry in a folder; the folder need not exist. A tenant has a namespace of its own, in
 * which names, versions and aliases are apart from those of all others.
 */
export function modelRegistry(root: string, tenant = ''): ModelRegistry {
  if (tenant !== '' && !TENANT.test(tenant)) throw fail(tenant, 'is not a valid tenant')
  const folder = tenant === '' ? root : join(root, TENANTS, tenant)
  return {
    folder,
    names: () => listNames(folder),
    versions: name => listVersions(folder, name),
    async aliases(name) {
      const { champion, challenger, shadow } = await readPointers(folder, name)
      return { champion, challenger, shadow }
    },
    history: async name => (await readPointers(folder, name)).history,
    load: async (name, version) => loadModel(folder, name, version),
    async loadLive(name) {
      const { champion, challenger, shadow } = await readPointers(folder, name)
      const version = champion || challenger || shadow
      return version === '' ? undefined : loadModel(folder, name, version)
    },
    nextVersion: name => nextVersion(folder, name),
    async add(record, model, weights) {
      await pointAtNew(folder, record, await writeModel(folder, record, model, weights))
    },
    async addNext(draft, model, weights) {
      const { name } = draft
      makeDirectory(pathOf(folder, name))
      return alone(name, join(pathOf(folder, name), 'versions.lock'), async () => {
        const record = { ...draft, version: await nextVersion(folder, name) }
        await pointAtNew(folder, record, await writeModel(folder, record, model, weights))
        return record
      })
    },
    point: (name, alias, version, move = {}) => movePointer(folder, name, alias, version, move),
  }
}

/** Champions that the present one replaced, newest first, '' for none: where a rollback may go. */
export function championsBefore(history: readonly AliasMove[]): readonly string[] {
  const replaced: string[] = []
  for (const { alias, from, to, rollback } of history) {
    if (alias !== 'champion') continue
    if (!rollback) replaced.push(from)
    // It undoes the promotion of what it went to, and all since.
    else while (replaced.length > 0 && replaced.pop() !== to);
  }
  return replaced.reverse()
}

/** Tenants that have a namespace of their own. */
export async function registryTenants(root: string): Promise<readonly string[]> {
  const entries = await readdir(join(root, TENANTS), { withFileTypes: true }).catch(() => [])
  return entries.filter(one => one.isDirectory() && TENANT.test(one.name)).map(one => one.name)
}
