import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { OPCUACertificateManager, setWarningLogger } from 'node-opcua'

/** A certificate made on the spot, so that no key lies in the repository. */
export async function selfSigned(folder: string) {
  setWarningLogger(() => {})
  const manager = new OPCUACertificateManager({ rootFolder: folder, disableFileWatchers: true })
  await manager.initialize()
  const outputFile = join(folder, 'cert.pem')
  await manager.createSelfSignedCertificate({
    applicationUri: 'urn:test',
    subject: '/CN=localhost',
    dns: ['localhost'],
    outputFile,
    startDate: new Date(Date.now() - 86_400_000),
    validity: 2,
  })
  await manager.dispose()
  const key = join(folder, 'own', 'private', 'private_key.pem')
  return { cert: readFileSync(outputFile), key: readFileSync(key), minVersion: 'TLSv1.2' as const }
}
