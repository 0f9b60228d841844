import { createHash, randomUUID } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'

/**
 * ONNX files of networks that gave here what TensorFlow.js gives, kept from one start to the
 * next: a start then needs neither TensorFlow.js nor the comparison. Models are named by hash.
 */
export interface CheckedFiles {
  /** The file of a model; undefined where it is to be checked first. */
  find(model_sha256: string): Promise<Uint8Array | undefined>
  keep(model_sha256: string, file: Uint8Array): Promise<void>
}

/** Files kept; the oldest make room. */
const FILES_MAX = 64
const DIGEST_BYTES = 32
const ROOT = path.resolve(import.meta.dirname, '..', '..', '..')
/** What the outcome of a check rests on besides the model: our code, and all packages. */
const RESTS_ON = ['engine/anomaly/onnx', 'engine/anomaly/tensorflow', 'package-lock.json'] as const

/** Where an installation keeps them: beside the packages that were compared. */
export const CHECKED_FOLDER = path.join(ROOT, 'node_modules', '.cache', 'liquidus-onnx')

/** The checked files of a folder, which need not exist nor be writable. */
export function checkedFiles(folder: string): CheckedFiles {
  let basis: Promise<string> | undefined
  const pathOf = async (model_sha256: string): Promise<string> => {
    basis ??= basisOf()
    const key = createHash('sha256').update(await basis)
    return path.join(folder, `${key.update(model_sha256).digest('hex')}.onnx`)
  }
  return {
    async find(model_sha256) {
      try {
        const bytes = await readFile(await pathOf(model_sha256))
        const file = new Uint8Array(bytes.subarray(DIGEST_BYTES))
        return bytes.subarray(0, DIGEST_BYTES).equals(digestOf(file)) ? file : undefined
      } catch {
        return undefined // not there yet
      }
    },
    async keep(model_sha256, file) {
      const draft = path.join(folder, `${randomUUID()}.new`)
      try {
        const target = await pathOf(model_sha256)
        await mkdir(folder, { recursive: true })
        await writeFile(draft, Buffer.concat([digestOf(file), file]))
        await rename(draft, target)
        await dropOldest(folder)
      } catch {
        // Where nothing can be kept, the next start checks again.
        await rm(draft, { force: true }).catch(() => {})
      }
    },
  }
}

const digestOf = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest()

async function basisOf(): Promise<string> {
  const hash = createHash('sha256').update(`${process.version} ${process.arch}`)
  for (const name of RESTS_ON) {
    const at = path.join(ROOT, name)
    const isFolder = (await stat(at)).isDirectory()
    const files = isFolder ? (await readdir(at)).sort().map(file => path.join(at, file)) : [at]
    for (const file of files.filter(one => !one.endsWith('.test.ts'))) {
      hash.update(await readFile(file))
    }
  }
  return hash.digest('hex')
}

async function dropOldest(folder: string): Promise<void> {
  const names = await readdir(folder)
  if (names.length <= FILES_MAX) return
  const aged = await Promise.all(
    names.map(async name => {
      const at = path.join(folder, name)
      return { at, time_ms: (await stat(at)).mtimeMs }
    }),
  )
  aged.sort((a, b) => a.time_ms - b.time_ms)
  for (const { at } of aged.slice(0, names.length - FILES_MAX)) await rm(at, { force: true })
}
