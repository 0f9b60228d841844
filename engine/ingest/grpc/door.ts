import * as grpc from '@grpc/grpc-js'
import type { Clock } from '../../core/clock.ts'
import { LiquidusError } from '../../core/errors.ts'
import type { Identity, Intake, LineIntake } from '../../flow.ts'
import type { BatchTaken } from '../../load.ts'
import { isLineName, lineDefinition } from '../line-definition.ts'
import type { Allowances } from './allowance.ts'
import type { GrpcLimits } from './limits.ts'
import type { Precedence } from './precedence.ts'
import type { Refusal } from './refusal.ts'
import { refusal, refusalOf, tooMuch } from './refusal.ts'
import type { Hello } from './request.ts'

/** The certificate a caller presented, as far as an identity is read from it. */
export interface PeerCertificate {
  readonly subject?: { readonly CN?: string | string[] }
  readonly fingerprint256?: string
  readonly raw?: Uint8Array
}

/** Who calls, from the request's metadata (lower-case names) and the client certificate. */
export type Authenticate = (
  metadata: Readonly<Record<string, string>>,
  peerCertificate?: PeerCertificate,
) => Identity | undefined

/** Receives what the door has to say; pino fits. */
export interface DoorLog {
  info(facts: object, text: string): void
  warn(facts: object, text: string): void
}

/** What all calls of one door share. */
export interface Door {
  readonly intake: Intake
  readonly authenticate: Authenticate
  /** Whether the access rules let the caller write readings. */
  readonly mayWrite: (identity: Identity) => boolean
  readonly clock: Clock
  readonly log: DoorLog
  readonly limits: GrpcLimits
  readonly allowances: Allowances
  readonly precedence: Precedence
  /** Told of each batch that goes to the log; absent where none is followed. */
  readonly onTaken?: (batch: BatchTaken) => void
}

/** A caller's way into one line. */
export interface Entrance {
  readonly identity: Identity
  readonly producer: string
  readonly line: LineIntake
  readonly created: boolean
}

const PRODUCER_NAME = /^[A-Za-z0-9._:/@-]{1,128}$/
const { status } = grpc

interface CallHead {
  readonly metadata: grpc.Metadata
  getAuthContext(): { readonly sslPeerCertificate?: PeerCertificate }
}

/** Who calls, or the refusal. The payload is never asked. */
export function identify(door: Door, call: CallHead): Identity | Refusal {
  const metadata: Record<string, string> = {}
  for (const [name, value] of Object.entries(call.metadata.getMap())) {
    metadata[name] = value.toString()
  }
  const identity = door.authenticate(metadata, call.getAuthContext().sslPeerCertificate)
  if (!identity) {
    const cure = 'send metadata "authorization: Bearer KEY" or a client certificate'
    return refusal(status.UNAUTHENTICATED, `the engine does not know the caller; ${cure}`)
  }
  const claimed = metadata['x-liquidus-tenant']
  if (claimed !== undefined && claimed !== identity.tenant) {
    return foreignTenant(identity, claimed)
  }
  if (!door.mayWrite(identity)) {
    const { subject, role } = identity
    return refusalOf(new LiquidusError('NOT_ALLOWED', { subject, role, action: 'write readings' }))
  }
  return identity
}

/** True for what identify() and enter() answer when they refuse. */
export function isRefusal(answer: object): answer is Refusal {
  return 'details' in answer
}

/** Finds the line that the hello names, or creates it from the proposal where that is allowed. */
export async function enter(
  door: Door,
  identity: Identity,
  hello: Hello,
): Promise<Entrance | Refusal> {
  const { producer } = hello
  if (!PRODUCER_NAME.test(producer)) {
    const rule = 'it has 1 to 128 characters of A-Z, a-z, 0-9, ".", "_", "-", ":", "/", "@"'
    return refusal(status.INVALID_ARGUMENT, `producer_id "${producer.slice(0, 128)}": ${rule}`)
  }
  const slash = hello.line.indexOf('/')
  const claimed = hello.line.slice(0, Math.max(0, slash))
  if (slash >= 0 && claimed !== identity.tenant) return foreignTenant(identity, claimed)
  const name = hello.line.slice(slash + 1)
  if (!isLineName(name)) {
    const rule = 'a name is made of a-z, 0-9, ".", "_", "-"'
    return refusal(status.INVALID_ARGUMENT, `line "${name.slice(0, 128)}": ${rule}`)
  }
  const known = door.intake.find(identity.tenant, name)
  if (known) return { identity, producer, line: known, created: false }
  if (!hello.proposal) return unknownLine(door, identity, name)
  const definition = lineDefinition(identity.tenant, name, hello.proposal)
  if ('problem' in definition) {
    return refusal(status.INVALID_ARGUMENT, `proposal of line "${name}": ${definition.problem}`)
  }
  const allowance = door.allowances.of(identity.tenant)
  const { lines_max = Number.POSITIVE_INFINITY } = allowance.limits
  // No await from here to `create`: it counts the line at once, so that hellos cannot pass together.
  const names = door.intake.lineNames(identity.tenant)
  if (!names.includes(name) && names.length >= lines_max) {
    allowance.refuse()
    return tooMuch(identity.tenant, `has ${lines_max} lines, all it may`, 'lines_max')
  }
  try {
    const line = await door.intake.create(identity, definition)
    door.log.info({ line: name, subject: identity.subject }, 'line created on proposal')
    return { identity, producer, line, created: true }
  } catch (error) {
    return refusalOf(error)
  }
}

function unknownLine(door: Door, identity: Identity, line: string): Refusal {
  const known = door.intake.lineNames(identity.tenant).slice(0, 20).join(', ') || 'none'
  const error = new LiquidusError('LINE_UNKNOWN', { line, known })
  const cure = 'add it to the configuration, or send a proposal in the hello'
  return { ...refusalOf(error), details: `${error.message}; to create it, ${cure}` }
}

function foreignTenant(identity: Identity, claimed: string): Refusal {
  const { subject, role } = identity
  const action = `write for tenant "${claimed}"`
  return refusalOf(new LiquidusError('NOT_ALLOWED', { subject, role, action }))
}

/** The caller's W3C trace context, as it was sent. */
export function traceparentOf({ metadata }: Pick<CallHead, 'metadata'>): string | undefined {
  return metadata.get('traceparent')[0]?.toString()
}
