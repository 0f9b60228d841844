import { readFileSync } from 'node:fs'
import { LiquidusError, problemOf } from '../core/errors.ts'

/** Paths of the PEM files that TLS needs. */
export interface TlsPaths {
  readonly cert: string
  readonly key: string
}

/** TLS options for node:https and node:tls. */
export interface TlsOptions {
  readonly cert: Buffer
  readonly key: Buffer
  readonly minVersion: 'TLSv1.2'
}

/** True for a host name or address that only this machine can reach. */
export function isLoopback(host: string): boolean {
  const bare = host.replace(/^\[|\]$/g, '').toLowerCase()
  return bare === 'localhost' || bare === '::1' || /^(::ffff:)?127(\.\d{1,3}){3}$/.test(bare)
}

/** Throws BIND_NEEDS_TLS unless the host is loopback or both TLS and keys are there. */
export function requireSafeBind(
  host: string,
  tls: TlsPaths | undefined,
  keys: readonly unknown[],
): void {
  if (isLoopback(host) || (tls !== undefined && keys.length > 0)) return
  throw new LiquidusError('BIND_NEEDS_TLS', { host })
}

/** Reads certificate and key; throws FILE_UNREADABLE. */
export function readTls(paths: TlsPaths): TlsOptions {
  return { cert: readPem(paths.cert), key: readPem(paths.key), minVersion: 'TLSv1.2' }
}

function readPem(path: string): Buffer {
  let bytes: Buffer
  try {
    bytes = readFileSync(path)
  } catch (error) {
    throw new LiquidusError('FILE_UNREADABLE', { path, problem: problemOf(error) })
  }
  if (bytes.includes('-----BEGIN ')) return bytes
  throw new LiquidusError('FILE_UNREADABLE', { path, problem: 'not a PEM file' })
}
