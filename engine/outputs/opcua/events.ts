import type * as Opcua from 'node-opcua'
import type { AlarmRecord, LineView, OutputEvent } from '../../flow.ts'
import { isOpen, type OpcUaModule, severityOf } from './values.ts'

/** What tells clients of alarms and advice. */
export interface EventTeller {
  /** Tells every client that watches events; anomalies are not told. */
  raise(line: string, event: OutputEvent): void
}

type Told = Exclude<OutputEvent, { channel: 'anomaly' }>

const EVENT_PARTS = ['RecordId', 'Channel', 'Line', 'Cell', 'State'] as const

/** Event type whose extra properties say which alarm or advice changed. */
export function addEventType(namespace: Opcua.Namespace): Opcua.UAObjectType {
  const eventType = namespace.addEventType({ browseName: 'LiquidusEventType' })
  for (const browseName of EVENT_PARTS) {
    namespace.addVariable({
      propertyOf: eventType,
      browseName,
      dataType: 'String',
      modellingRule: 'Mandatory',
    })
  }
  return eventType
}

/** Raises events of the type on the server's own object, where clients listen. */
export function eventTeller(
  opcua: OpcUaModule,
  addressSpace: Opcua.AddressSpace,
  eventType: Opcua.UAObjectType,
): EventTeller {
  const { DataType, Variant } = opcua
  const string = (value: string) => new Variant({ dataType: DataType.String, value })
  return {
    raise(line, event) {
      if (event.channel === 'anomaly') return
      const { text, severity, state, time_ms } = eventFacts(event)
      addressSpace.rootFolder.objects.server.raiseEvent(eventType, {
        sourceName: string(`Lines/${line}/Cells/${event.body.cell}`),
        message: new Variant({ dataType: DataType.LocalizedText, value: { text } }),
        severity: new Variant({ dataType: DataType.UInt16, value: severity }),
        time: new Variant({ dataType: DataType.DateTime, value: new Date(time_ms) }),
        recordId: string(event.id),
        channel: string(event.channel),
        line: string(line),
        cell: string(event.body.cell),
        state: string(state),
      })
    },
  }
}

/** The last event of each alarm that stands and of each advice that is open, as first told. */
export function standingEvents(view: LineView): Told[] {
  const idOf = ({ id, revision }: { readonly id: string; readonly revision: number }) =>
    `${id}#${revision}`
  return [
    ...view.alarms().map(body => ({ channel: 'alarm', id: idOf(body), body }) as const),
    ...view
      .advice()
      .filter(isOpen)
      .map(body => ({ channel: 'advice', id: idOf(body), body }) as const),
  ]
}

/** What hides the alarm, in the order of precedence, or ''. */
function coverOf(alarm: AlarmRecord): string {
  if (alarm.out_of_service) return 'out of service'
  if (alarm.suppressed) return `suppressed by ${alarm.suppressed_by}`
  return alarm.shelved_until_ms > 0 ? 'shelved' : ''
}

function eventFacts(event: Told) {
  if (event.channel === 'advice') {
    const { reason: text, state, created_ms: time_ms } = event.body
    return { text, severity: 200, state, time_ms }
  }
  const { text, priority, active, acknowledged, raised_ms, returned_ms } = event.body
  const inner = `${active ? 'active' : 'returned'} ${acknowledged ? '' : 'un'}acknowledged`
  const state = [coverOf(event.body), inner].filter(part => part !== '').join(', ')
  const time_ms = active ? raised_ms : Math.max(raised_ms, returned_ms)
  return { text, severity: severityOf[priority], state, time_ms }
}
