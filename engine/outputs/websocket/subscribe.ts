import type { EngineView, StoredEvent } from '../../flow.ts'
import type { Client } from './client.ts'
import { REPLAY_PAGE_EVENTS, type WsLimits } from './limits.ts'
import { eventText, type LineFeed, type Subscription } from './line-feed.ts'
import type { ClientMessage, NotResumed } from './protocol.ts'

/**
 * Starts a subscription: replays what the client missed, or sends the state as it is. The switch
 * to live happens in the same turn as the last send, so that no event falls between the two.
 */
export async function subscribe(
  engine: EngineView,
  feed: LineFeed,
  client: Client,
  limits: WsLimits,
  asked: Extract<ClientMessage, { type: 'subscribe' }>,
): Promise<void> {
  const { line } = feed
  const { resume } = asked
  unsubscribe(feed, client)
  const subscription: Subscription = {
    client,
    progress: asked.progress === true,
    live: false,
    sent_offset: 0,
    frameSent_ms: Number.NEGATIVE_INFINITY,
    dirty: true,
    statusSent: '',
    summarySent: '',
  }
  client.subscriptions.set(line, subscription)
  feed.subscriptions.add(subscription)
  const wanted = () => client.subscriptions.get(line) === subscription

  await feed.ready()
  const usable = resume?.epoch === engine.epoch ? resume : undefined
  // An engine that was killed may have told what it had not stored: it is made again from the log.
  if (usable) await feed.reached(usable.offset)
  const found = usable && (await eventsSince(feed, usable.offset, limits.replay_events_max))
  const missed = typeof found === 'string' ? undefined : found
  const offset = feed.published()
  if (!wanted()) return
  const { epoch } = engine
  // Nothing may be awaited from here on: an event in between would be lost.
  if (usable && missed && usable.offset + missed.length === offset) {
    client.send({ type: 'resumed', line, epoch, offset: usable.offset })
    for (const stored of missed) client.sendEvent(eventText(line, epoch, stored))
    subscription.sent_offset = offset
  } else {
    const why = typeof found === 'string' ? found : usable ? 'too-many' : 'other-history'
    sendSnapshot(feed, client, epoch, resume && why)
    subscription.sent_offset = offset
  }
  subscription.live = true
  feed.deliver(subscription)
}

/** Sends the line as it is, and behind it what was told and cannot be seen in it yet. */
function sendSnapshot(
  feed: LineFeed,
  client: Client,
  epoch: string,
  not_resumed: NotResumed | undefined,
): void {
  const { line } = feed
  const view = feed.view()
  const pending = view?.pendingEvents() ?? []
  client.send({
    ...{ type: 'snapshot', line, epoch },
    offset: (pending[0]?.offset ?? feed.published() + 1) - 1,
    alarms: view?.alarms() ?? [],
    advice: view?.advice() ?? [],
    ...(not_resumed && { not_resumed }),
  })
  for (const stored of pending) client.sendEvent(eventText(line, epoch, stored))
}

/** Ends the client's interest in the line. */
export function unsubscribe(feed: LineFeed, client: Client): void {
  const subscription = client.subscriptions.get(feed.line)
  if (!subscription) return
  client.subscriptions.delete(feed.line)
  feed.subscriptions.delete(subscription)
}

/** All events after the offset, or why they cannot be had. */
async function eventsSince(
  feed: LineFeed,
  offset: number,
  count_max: number,
): Promise<readonly StoredEvent[] | NotResumed> {
  const view = feed.view()
  if (!view) return 'no-longer-kept'
  const found: StoredEvent[] = []
  let target = feed.published()
  while (offset + found.length < target) {
    if (target - offset > count_max) return 'too-many'
    const page = await view.events(offset + found.length, REPLAY_PAGE_EVENTS)
    for (const stored of page.events) {
      if (stored.offset !== offset + found.length + 1) return 'no-longer-kept'
      found.push(stored)
    }
    if (page.events.length === 0) return 'no-longer-kept'
    target = feed.published()
  }
  return offset > target ? 'ahead' : found
}
