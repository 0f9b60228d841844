import type { AlarmRecord } from '#engine/flow.ts'
import { AlarmButton } from './alarm-button.tsx'
import { isUnacknowledged } from './alarm-state.ts'
import { acknowledgeAlarm } from './api.ts'
import type { ClientState } from './store.ts'

/** Acknowledges one alarm; shows nothing where that is done. */
export function AcknowledgeButton(props: {
  alarm: AlarmRecord
  state: ClientState
  comment: string
}) {
  const { alarm, state, comment } = props
  if (!isUnacknowledged(alarm)) return null
  const act = () => acknowledgeAlarm(alarm.id, comment)
  return <AlarmButton {...{ alarm, state, act }} verb="acknowledge" label="Acknowledge" />
}
