import type { TrendBody } from './trend-buffer.ts'

/** What the engine answered when it refused. */
export class RefusedError extends Error {
  override name = 'RefusedError'
}

async function request(path: string, init?: RequestInit): Promise<unknown> {
  let response: Response
  try {
    response = await fetch(path, init)
  } catch {
    throw new RefusedError('The engine does not answer. Nothing was changed; try again.')
  }
  const body: unknown = await response.json().catch(() => undefined)
  if (response.ok) return body
  const said = (body as { error?: { message?: unknown } } | undefined)?.error?.message
  throw new RefusedError(
    typeof said === 'string' ? said : `The engine answered ${response.status}.`,
  )
}

function post(path: string, body: Readonly<Record<string, unknown>>): Promise<unknown> {
  return request(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
}

/** Acknowledges an alarm. */
export function acknowledgeAlarm(id: string, comment: string): Promise<unknown> {
  return post(`/api/alarms/${encodeURIComponent(id)}/acknowledge`, { comment })
}

/** Lets go of a latched alarm. */
export function resetAlarm(id: string): Promise<unknown> {
  return post(`/api/alarms/${encodeURIComponent(id)}/reset`, { comment: '' })
}

/** Takes an alarm off the list until an event time of its line. */
export function shelveAlarm(
  id: string,
  until_ms: number,
  once: boolean,
  comment: string,
): Promise<unknown> {
  return post(`/api/alarms/${encodeURIComponent(id)}/shelve`, { until_ms, once, comment })
}

/** Takes an alarm out of service. */
export function removeFromService(id: string, comment: string): Promise<unknown> {
  return post(`/api/alarms/${encodeURIComponent(id)}/remove-from-service`, { comment })
}

/** Returns an alarm to service. */
export function returnToService(id: string): Promise<unknown> {
  return post(`/api/alarms/${encodeURIComponent(id)}/return-to-service`, { comment: '' })
}

/** Puts a shelved alarm back on the list. */
export function unshelveAlarm(id: string): Promise<unknown> {
  return post(`/api/alarms/${encodeURIComponent(id)}/unshelve`, { comment: '' })
}

/** Approves or rejects a recommendation. */
export function decideAdvice(
  id: string,
  action: 'approve' | 'reject',
  comment: string,
): Promise<unknown> {
  return post(`/api/advice/${encodeURIComponent(id)}/${action}`, { comment })
}

/** True when the engine wants an API key before it shows anything. */
export async function needsKey(): Promise<boolean> {
  try {
    return (await fetch('/api/session')).status === 401
  } catch {
    return false
  }
}

/** Signs this browser in; the key is kept in a cookie that scripts cannot read. */
export function signIn(key: string): Promise<unknown> {
  return post('/api/session', { key })
}

/** Takes this browser's key back. */
export function signOut(): Promise<unknown> {
  return request('/api/session', { method: 'DELETE' })
}

function cellPath(line: string, cell: string): string {
  return `/api/lines/${encodeURIComponent(line)}/cells/${encodeURIComponent(cell)}`
}

/** History of one cell. */
export async function fetchTrend(
  line: string,
  cell: string,
  from_ms: number,
  points: number,
  columns: readonly string[],
): Promise<TrendBody> {
  const query =
    `from_ms=${Math.max(0, Math.round(from_ms))}&points=${points}` +
    `&columns=${columns.map(encodeURIComponent).join(',')}`
  return (await request(`${cellPath(line, cell)}/trend?${query}`)) as TrendBody
}

/** A reading as it was taken, in the unit of its tag. */
export interface Measured {
  readonly tag: string
  readonly unit: string
  readonly scope: 'line' | 'cell'
  readonly value: number | null
  readonly age_ms: number | null
  readonly quality: string
  /** Empty, or why the sensor is not healthy. */
  readonly fault: string
}

/** The newest readings and samples of one cell, and of its line. */
export async function fetchMeasured(line: string, cell: string): Promise<readonly Measured[]> {
  const body = (await request(cellPath(line, cell))) as { readonly measured: readonly Measured[] }
  return body.measured
}

/** A quantity along an axis of one cell, in display units. */
export interface CellProfile {
  readonly name: string
  readonly text: string
  readonly unit: string
  readonly digits: number
  readonly axis: {
    readonly text: string
    readonly unit: string
    readonly positions: readonly number[] // [point]
    readonly labels?: readonly string[] // [point]
  }
  readonly rows: readonly string[]
  readonly values: readonly (readonly (number | null)[])[] // [row][point]
  readonly observed?: readonly (readonly (number | null)[])[] // [row][point]
}

/** What lies inside one cell now. */
export async function fetchProfiles(line: string, cell: string): Promise<readonly CellProfile[]> {
  const body = await request(`${cellPath(line, cell)}/profiles`)
  return (body as { readonly profiles: readonly CellProfile[] }).profiles
}
