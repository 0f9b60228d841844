import type { AlarmRecord } from '#engine/flow.ts'

/** Tells a screen reader of each new critical or high alarm. */
export function LiveRegion({ alarm }: { alarm: AlarmRecord | undefined }) {
  const text = alarm ? `${alarm.priority} alarm, ${alarm.cell || alarm.line}: ${alarm.text}` : ''
  return (
    <div className="unseen" aria-live="assertive" data-testid="live-region">
      {text}
    </div>
  )
}
