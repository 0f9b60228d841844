import { RefusedError } from './api.ts'

/** What a model of the registry is called and which of its versions do what. */
export interface ModelListed {
  readonly name: string
  readonly versions: readonly string[]
  readonly aliases: Readonly<Record<'champion' | 'challenger' | 'shadow', string>>
}

/** A drift that the monitors saw. */
export interface Proposal {
  readonly line: string
  readonly monitor: string
  readonly tag: string
  readonly time_ms: number
  readonly text: string
}

/** All models of the tenant. */
export interface ModelsBody {
  readonly models: readonly ModelListed[]
  readonly in_force: Readonly<Record<string, string>>
  readonly proposals: readonly Proposal[]
}

/** One version as its record tells it, as far as the page shows it. */
export interface ModelVersion {
  readonly sha256: string
  readonly aliases: readonly string[]
  readonly moves: readonly {
    readonly alias: string
    readonly by: string
    readonly at_ms: number
    readonly reason: string
    readonly rollback?: boolean
  }[]
  readonly record: {
    readonly name: string
    readonly version: string
    readonly origin?: string
    readonly author?: string
    readonly features: readonly string[]
    readonly threshold: number
    readonly weights_sha256: string
    readonly calibration: { readonly rows: number; readonly blocks: number }
    readonly training: {
      readonly rows: number
      readonly seed: number
      readonly epochs: number
      readonly data: string
      readonly code: string
      readonly loss: readonly number[] // [epoch]
    }
  }
}

async function ask<T>(path: string, init?: RequestInit): Promise<T> {
  const response = await fetch(path, init).catch(() => undefined)
  if (!response) throw new RefusedError('The engine does not answer. Nothing was changed.')
  const body = (await response.json().catch(() => ({}))) as { error?: { message?: string } }
  if (response.ok) return body as T
  throw new RefusedError(body.error?.message ?? `The engine answered ${response.status}.`)
}

const post = (path: string, body: object) =>
  ask(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })

/** All models, what is in force, and drift. */
export function fetchModels(): Promise<ModelsBody> {
  return ask('/api/models')
}

/** One version. */
export function fetchModel(name: string, version: string): Promise<ModelVersion> {
  return ask(`/api/models/${encodeURIComponent(name)}/${encodeURIComponent(version)}`)
}

/** Makes a version champion, if the gate lets it. */
export function promoteModel(name: string, version: string, comment: string): Promise<unknown> {
  const path = `/api/models/${encodeURIComponent(name)}/${encodeURIComponent(version)}/promote`
  return post(path, { alias: 'champion', comment })
}

/** Back to the champion before. */
export function rollBackModel(name: string, comment: string): Promise<unknown> {
  return post(`/api/models/${encodeURIComponent(name)}/rollback`, { comment })
}
