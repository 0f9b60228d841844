import type { AlarmRecord } from '#engine/flow.ts'
import { AlarmButton } from './alarm-button.tsx'
import { unshelveAlarm } from './api.ts'
import type { ClientState } from './store.ts'

/** Puts a shelved alarm back on the list; shows nothing for the others. */
export function UnshelveButton({ alarm, state }: { alarm: AlarmRecord; state: ClientState }) {
  if (alarm.shelved_until_ms === 0) return null
  const act = () => unshelveAlarm(alarm.id)
  return <AlarmButton {...{ alarm, state, act }} verb="unshelve" label="Unshelve" />
}
