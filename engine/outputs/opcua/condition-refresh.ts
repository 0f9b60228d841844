import type * as Opcua from 'node-opcua'
import type { LineView } from '../../flow.ts'
import { type EventTeller, standingEvents } from './events.ts'
import type { OpcUaModule } from './values.ts'

/** Events told in one go; other clients are served in between. */
const EVENTS_A_SLICE = 50

interface RefreshParts {
  readonly opcua: OpcUaModule
  readonly server: Opcua.OPCUAServer
  readonly events: EventTeller
  readonly lines: () => readonly LineView[]
  /** False once the server closes. */
  readonly wanted: () => boolean
}

/**
 * Answers ConditionRefresh and ConditionRefresh2: what stands now is told again, between the two
 * events that OPC UA has for it. A client that was away calls it, and misses no alarm that stands.
 */
export function bindConditionRefresh(parts: RefreshParts): void {
  const { opcua, server } = parts
  const { StatusCodes, MethodIds } = opcua
  const addressSpace = server.engine.addressSpace!
  let running = false

  const refresh: Opcua.MethodFunctor = (inputs, context, callback) => {
    const answer = (statusCode: Opcua.StatusCode) => callback(null, { statusCode })
    const [subscriptionId, itemId] = inputs.map(({ value }) => Number(value))
    const session = server.engine.getSessions().find(one => one === context.session)
    const subscription = session?.getSubscription(subscriptionId ?? 0)
    if (!subscription) return answer(StatusCodes.BadSubscriptionIdInvalid)
    if (itemId !== undefined && !subscription.getMonitoredItem(itemId)) {
      return answer(StatusCodes.BadMonitoredItemIdInvalid)
    }
    if (running) return answer(StatusCodes.BadRefreshInProgress)
    running = true
    tellStanding(parts)
      .then(() => answer(StatusCodes.Good))
      .catch(() => answer(StatusCodes.BadInternalError))
      .finally(() => {
        running = false
      })
  }
  for (const id of [
    MethodIds.ConditionType_ConditionRefresh,
    MethodIds.ConditionType_ConditionRefresh2,
  ]) {
    const method = addressSpace.findNode(`i=${id}`) as Opcua.UAMethod
    method.bindMethod(refresh)
  }
}

async function tellStanding({ server, events, lines, wanted }: RefreshParts): Promise<void> {
  const { server: object } = server.engine.addressSpace!.rootFolder.objects
  object.raiseEvent('RefreshStartEventType', {})
  let told = 0
  for (const view of lines()) {
    for (const event of standingEvents(view)) {
      events.raise(view.definition.line, event)
      told += 1
      if (told % EVENTS_A_SLICE === 0) await new Promise(resolve => setImmediate(resolve))
      if (!wanted()) return
    }
  }
  object.raiseEvent('RefreshEndEventType', {})
}
