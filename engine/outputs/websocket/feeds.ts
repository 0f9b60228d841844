import type { Clock } from '../../core/clock.ts'
import type { EngineView } from '../../flow.ts'
import type { NormalRangesOf } from '../normal-ranges.ts'
import type { Client } from './client.ts'
import type { WsLimits } from './limits.ts'
import { type LineFeed, lineFeed } from './line-feed.ts'
import type { LineInfo } from './protocol.ts'

/** The feeds of all lines that were ever seen; their numbers never change. */
export interface Feeds {
  /** The feed of a line of the engine, made on first use; undefined when there is no such line. */
  find(tenant: string, line: string): LineFeed | undefined
  all(): Iterable<LineFeed>
  /** What the welcome of this tenant says; counts as announced. */
  announce(tenant: string): readonly LineInfo[]
  /** Whether the tenant has lines that were not announced. */
  hasNews(tenant: string): boolean
  /** Sends the client the newest frames it has not had. */
  deliverAll(client: Client): void
}

/** Makes the feeds of an engine. */
export function lineFeeds(
  engine: EngineView,
  clock: Clock,
  limits: WsLimits,
  normalRanges?: NormalRangesOf,
): Feeds {
  const feeds = new Map<string, LineFeed>()
  const announced = new Map<string, number>() // by tenant: lines in the last welcome

  const find = (tenant: string, line: string): LineFeed | undefined => {
    const key = `${tenant}/${line}`
    const known = feeds.get(key)
    if (known) return known
    if (!engine.line(tenant, line)) return undefined
    const number = feeds.size + 1
    const feed = lineFeed({
      ...{ engine, tenant, line, number, clock, limits },
      ...(normalRanges && { normalRanges }),
    })
    feeds.set(key, feed)
    return feed
  }

  return {
    find,
    all: () => feeds.values(),
    announce(tenant) {
      const views = engine.lines(tenant)
      announced.set(tenant, views.length)
      return views.flatMap(view => {
        const feed = find(tenant, view.definition.line)
        return feed ? [feed.info(view)] : []
      })
    },
    hasNews: tenant => engine.lines(tenant).length !== announced.get(tenant),
    deliverAll(client) {
      for (const [line, subscription] of client.subscriptions) {
        find(client.identity.tenant, line)?.deliver(subscription)
      }
    },
  }
}
