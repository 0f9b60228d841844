import type { Clock } from '../../core/clock.ts'
import { problemOf } from '../../core/errors.ts'
import type { Places } from '../../core/places.ts'
import type { EngineView } from '../../flow.ts'
import type { Guard } from '../guard.ts'
import type { OutputLog } from '../log.ts'
import type { Client } from './client.ts'
import type { Feeds } from './feeds.ts'
import type { WsLimits } from './limits.ts'
import {
  type ClientMessage,
  CloseCode,
  PROTOCOL_VERSION,
  parseClientMessage,
  type WsErrorCode,
} from './protocol.ts'
import { subscribe, unsubscribe } from './subscribe.ts'

/** What all sessions of one WebSocket server share. */
export interface Hub {
  readonly engine: EngineView
  readonly guard: Guard
  readonly clock: Clock
  readonly log: OutputLog
  readonly limits: WsLimits
  readonly feeds: Feeds
  readonly clients: Set<Client>
  readonly places: Places
  /** Clients that were closed because they were too slow. */
  readonly slow: { closed: number }
}

/** Tells the client who it is and which lines there are. */
export function welcome(hub: Hub, client: Client): void {
  const { identity } = client
  client.send({
    type: 'welcome',
    protocol: PROTOCOL_VERSION,
    epoch: hub.engine.epoch,
    version: hub.engine.health().version,
    now_ms: hub.clock.now_ms(),
    identity,
    actions: hub.guard.actions(identity),
    lines: hub.feeds.announce(identity.tenant),
  })
}

/** Ends everything the client takes part in. */
export function forget(hub: Hub, client: Client): void {
  if (hub.clients.delete(client)) hub.places.leave(client.identity.tenant)
  for (const line of [...client.subscriptions.keys()]) {
    const feed = hub.feeds.find(client.identity.tenant, line)
    if (feed) unsubscribe(feed, client)
  }
}

const refuse = (client: Client, code: WsErrorCode, message: string) =>
  client.send({ type: 'error', code, message })

/** Answers one message; `text` is undefined for a binary one. */
export function handleMessage(hub: Hub, client: Client, text: string | undefined): void {
  if (!client.takeCommand()) {
    refuse(client, 'TOO_MANY_COMMANDS', 'Too many messages; the connection is closed.')
    client.close(CloseCode.policy, 'too many messages')
    return
  }
  const message = text === undefined ? undefined : parseClientMessage(text)
  if (message === undefined) {
    refuse(client, 'BAD_MESSAGE', 'This message is not known.')
  } else if (message.type === 'visibility') {
    client.hidden = message.hidden
    if (!message.hidden) hub.feeds.deliverAll(client)
  } else {
    handleLine(hub, client, message)
  }
}

function handleLine(
  hub: Hub,
  client: Client,
  message: Exclude<ClientMessage, { type: 'visibility' }>,
): void {
  const { line } = message
  const feed = hub.feeds.find(client.identity.tenant, line)
  if (feed === undefined) {
    refuse(client, 'LINE_UNKNOWN', `Line "${line}" is not known.`)
  } else if (message.type === 'unsubscribe') {
    unsubscribe(feed, client)
  } else if (!hub.guard.check(client.identity, 'read', line)) {
    refuse(client, 'FORBIDDEN', 'Your role may not read this line.')
  } else {
    subscribe(hub.engine, feed, client, hub.limits, message).catch(error => {
      hub.log.error({ line, error: problemOf(error) }, 'subscribe failed')
      client.close(CloseCode.tryAgain, 'the store does not answer; try again')
    })
  }
}
