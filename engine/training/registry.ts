import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ModelRecord, StoredModel } from '../anomaly/tensorflow/model-record.ts'
import { LiquidusError, problemOf } from '../core/errors.ts'
import { makeDirectory } from '../core/make-directory.ts'
import { sha256 } from './sha256.ts'

/** Names that point at a version: the one that may alarm, and the one that only scores. */
export interface Aliases {
  readonly champion: string
  readonly shadow: string
}

/** Models on disk: `<name>/<version>/{model.json, weights.bin, record.json}` and aliases. */
export interface ModelRegistry {
  names(): Promise<readonly string[]>
  /** Versions of a model, oldest first. */
  versions(name: string): Promise<readonly string[]>
  aliases(name: string): Promise<Aliases>
  /** A version by number or alias; throws MODEL_INVALID when it is not there or not whole. */
  load(name: string, version: string): Promise<StoredModel>
  /** The champion, else the shadow, else undefined. */
  loadLive(name: string): Promise<StoredModel | undefined>
  /** Next free version number. */
  nextVersion(name: string): Promise<string>
  /** Writes a new version whole or not at all, and points `shadow` at it. */
  add(record: ModelRecord, model: unknown, weights: Uint8Array): Promise<void>
  /** Points an alias at a version, or at none with ''; atomic. */
  point(name: string, alias: keyof Aliases, version: string): Promise<void>
}

const NAME = /^[a-z0-9][a-z0-9-]{0,63}$/
const ALIASES = 'aliases.json'
const NO_ALIASES: Aliases = { champion: '', shadow: '' }

const fail = (model: string, problem: string) =>
  new LiquidusError('MODEL_INVALID', { model, problem })

/** A path inside the registry; names can not lead out of it. */
function pathOf(folder: string, name: string, ...rest: string[]): string {
  for (const part of [name, ...rest.slice(0, 1)]) {
    if (!NAME.test(part) && part !== ALIASES) throw fail(part, 'is not a valid name')
  }
  return join(folder, name, ...rest)
}

async function listVersions(folder: string, name: string): Promise<readonly string[]> {
  const entries = await readdir(pathOf(folder, name), { withFileTypes: true }).catch(() => [])
  const found = entries.filter(entry => entry.isDirectory() && NAME.test(entry.name))
  return found.map(entry => entry.name).sort((a, b) => Number(a) - Number(b))
}

async function readAliases(folder: string, name: string): Promise<Aliases> {
  const text = await readFile(pathOf(folder, name, ALIASES), 'utf8').catch(() => '{}')
  return { ...NO_ALIASES, ...(JSON.parse(text) as Partial<Aliases>) }
}

async function writeAliases(folder: string, name: string, value: Aliases): Promise<void> {
  const path = pathOf(folder, name, ALIASES)
  await writeFile(`${path}.new`, `${JSON.stringify(value, undefined, 2)}\n`)
  await rename(`${path}.new`, path)
}

async function loadModel(folder: string, name: string, version: string): Promise<StoredModel> {
  const pointers = await readAliases(folder, name)
  const found = version === 'champion' || version === 'shadow' ? pointers[version] : version
  if (found === '') throw fail(name, `has no ${version}`)
  const named = `${name}/${found}`
  pathOf(folder, name, found) // refuses names that lead elsewhere
  const known = await listVersions(folder, name)
  if (!known.includes(found)) {
    throw fail(named, `there is no such version; known: ${known.join(', ') || 'none'}`)
  }
  const read = (file: string) =>
    readFile(pathOf(folder, name, found, file)).catch(error => {
      throw fail(named, problemOf(error))
    })
  const [record, model, weights] = await Promise.all([
    read('record.json').then(text => JSON.parse(String(text)) as ModelRecord),
    read('model.json').then(text => JSON.parse(String(text)) as unknown),
    read('weights.bin'),
  ])
  if (record.schema !== 1) throw fail(named, `record schema ${record.schema} is not known`)
  if (sha256(weights) !== record.weights_sha256) throw fail(named, 'weights do not match record')
  return { record, model, weights, promoted: pointers.champion === found }
}

async function addModel(
  folder: string,
  record: ModelRecord,
  model: unknown,
  weights: Uint8Array,
): Promise<void> {
  const { name, version } = record
  const target = pathOf(folder, name, version)
  const draft = `${target}.new`
  await rm(draft, { recursive: true, force: true })
  await makeDirectory(draft)
  await writeFile(join(draft, 'model.json'), `${JSON.stringify(model)}\n`)
  await writeFile(join(draft, 'weights.bin'), weights)
  await writeFile(join(draft, 'record.json'), `${JSON.stringify(record, undefined, 2)}\n`)
  await rename(draft, target).catch(error => {
    throw fail(`${name}/${version}`, `cannot be written: ${problemOf(error)}`)
  })
  const pointers = await readAliases(folder, name)
  await writeAliases(folder, name, { ...pointers, shadow: version })
}

/** The registry in a folder; the folder need not exist. */
export function modelRegistry(folder: string): ModelRegistry {
  return {
    async names() {
      const entries = await readdir(folder, { withFileTypes: true }).catch(() => [])
      return entries.filter(entry => entry.isDirectory()).map(entry => entry.name)
    },
    versions: name => listVersions(folder, name),
    aliases: name => readAliases(folder, name),
    load: async (name, version) => loadModel(folder, name, version),
    async loadLive(name) {
      const { champion, shadow } = await readAliases(folder, name)
      const version = champion || shadow
      return version === '' ? undefined : loadModel(folder, name, version)
    },
    async nextVersion(name) {
      const taken = await listVersions(folder, name)
      return String(taken.reduce((most, version) => Math.max(most, Number(version) || 0), 0) + 1)
    },
    add: (record, model, weights) => addModel(folder, record, model, weights),
    async point(name, alias, version) {
      const known = await listVersions(folder, name)
      if (version !== '' && !known.includes(version)) {
        throw fail(name, `has no version ${version}; known: ${known.join(', ') || 'none'}`)
      }
      await writeAliases(folder, name, { ...(await readAliases(folder, name)), [alias]: version })
    },
  }
}
