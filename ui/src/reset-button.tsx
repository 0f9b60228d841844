import type { AlarmRecord } from '#engine/flow.ts'
import { AlarmButton } from './alarm-button.tsx'
import { isHidden } from './alarm-state.ts'
import { resetAlarm } from './api.ts'
import type { ClientState } from './store.ts'

/** Lets go of a latched alarm that was acknowledged; shows nothing for the others. */
export function ResetButton({ alarm, state }: { alarm: AlarmRecord; state: ClientState }) {
  if (!alarm.latched || !alarm.acknowledged || isHidden(alarm)) return null
  const act = () => resetAlarm(alarm.id)
  return <AlarmButton {...{ alarm, state, act }} verb="reset" label="Reset" />
}
