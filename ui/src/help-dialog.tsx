import { useEffect, useRef } from 'react'
import { PRIORITIES } from './alarm-state.ts'
import { PriorityMark } from './priority-mark.tsx'
import { SHORTCUTS } from './use-shortcuts.ts'

/** Keys and signs, opened by "?". */
export function HelpDialog(props: {
  shortcutsOn: boolean
  setShortcutsOn: (on: boolean) => void
  close: () => void
}) {
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    const element = dialog.current
    if (element && !element.open) element.showModal()
  }, [])
  return (
    <dialog ref={dialog} className="help" onClose={props.close} aria-labelledby="help-title">
      <h2 id="help-title">Keys and signs</h2>
      <div className="help-columns">
        <dl className="keys">
          {SHORTCUTS.map(([key, text]) => (
            <div key={key}>
              <dt>
                <kbd>{key}</kbd>
              </dt>
              <dd>{text}</dd>
            </div>
          ))}
          <div>
            <dt>
              <kbd>← ↑ ↓ →</kbd>
            </dt>
            <dd>Move on the map; Enter opens the cell</dd>
          </div>
        </dl>
        <ul className="signs">
          {PRIORITIES.map(priority => (
            <li key={priority}>
              <PriorityMark priority={priority} withText />
            </li>
          ))}
          <li>Hatched: hidden by an event, a faulty sensor, or not observable</li>
          <li>Dashed outline: twin not trusted</li>
          <li>Slanted number: estimated by the twin, not measured</li>
          <li>Light part of a bar: where the line normally is, if that was configured</li>
          <li>Blue band and ±: P05 to P95 of the twin</li>
          <li>Grey band: least to greatest measured value</li>
          <li>
            σ: standard deviations from what is expected; mean: of the last twenty frames or so
          </li>
          <li>
            Alarm sound: six notes critical, three high, two medium, one low, four falling ones for
            a lost connection; again while nobody acknowledged. Silencing is not acknowledging
          </li>
          <li>Times are those of the readings, in the zone beside the clock above</li>
        </ul>
      </div>
      <label className="check">
        <input
          type="checkbox"
          checked={props.shortcutsOn}
          onChange={event => props.setShortcutsOn(event.target.checked)}
        />
        Single-key shortcuts
      </label>
      <button type="button" onClick={() => dialog.current?.close()}>
        Close
      </button>
    </dialog>
  )
}
