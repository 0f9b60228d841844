import { createPrivateKey, X509Certificate } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Removes what an engine that was killed left half made: locks, and a certificate or key that
 * cannot be read. They are then made anew; whole ones, which clients may trust, stay. Answers with
 * the files that were removed. A data directory has one owner at a time.
 */
export function dropHalfMade(directory: string): readonly string[] {
  for (const name of readdirSync(directory, { recursive: true, encoding: 'utf8' })) {
    if (name.endsWith('.lock')) rmSync(join(directory, name), { recursive: true, force: true })
  }
  const own = join(directory, 'server', 'own')
  const certificate = join(own, 'certs', 'certificate.pem')
  const key = join(own, 'private', 'private_key.pem')
  if (isPair(certificate, key)) return []
  const broken = [certificate, key].filter(file => existsSync(file))
  for (const file of broken) rmSync(file)
  return broken
}

function isPair(certificate: string, key: string): boolean {
  try {
    const own = new X509Certificate(readFileSync(certificate))
    return own.checkPrivateKey(createPrivateKey(readFileSync(key)))
  } catch {
    return false
  }
}
