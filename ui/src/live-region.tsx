import type { AlarmRecord } from '#engine/flow.ts'
import { alarmText } from './alarm-state.ts'

/** Tells a screen reader of each new critical or high alarm. */
export function LiveRegion({ alarm }: { alarm: AlarmRecord | undefined }) {
  const text = alarm
    ? `${alarm.priority} alarm, ${alarm.cell || alarm.line}: ${alarmText(alarm)}`
    : ''
  return (
    <div className="unseen" aria-live="assertive" data-testid="live-region">
      {text}
    </div>
  )
}
