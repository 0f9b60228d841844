import { useRef } from 'react'
import type { SoundState } from './sound-plan.ts'
import { useAlarmSound, useSoundView } from './use-sound.ts'

const TEXTS: Readonly<Record<SoundState, readonly [text: string, title: string]>> = {
  off: ['Off', 'No alarm can be heard on this screen. Press to turn the sound on.'],
  on: ['On', 'New and unacknowledged alarms can be heard. Press to turn the sound off.'],
  blocked: ['Blocked', 'The browser blocks the sound. Press any key, or click anywhere.'],
  silenced: ['Silenced', 'Quiet until a new alarm comes. Nothing was acknowledged by it.'],
}

/** Turns the audible alarm on and off, says what it does, and silences it. */
export function SoundControl() {
  const sound = useAlarmSound()
  const { state, sounding } = useSoundView()
  const [text, title] = TEXTS[state]
  // The press is itself the gesture that a blocked sound waits for: what counts is what was shown.
  const shown = useRef<SoundState>(undefined)
  const hasTried = useRef(false)
  const hold = () => {
    shown.current = state
  }
  const press = () => {
    const isTry = (shown.current ?? state) === 'blocked' && !hasTried.current
    shown.current = undefined
    hasTried.current = isTry
    if (!isTry) sound.setOn(state === 'off')
  }
  return (
    <fieldset className="sound" data-sound={state} data-testid="sound">
      <legend className="unseen">Audible alarm</legend>
      <button
        type="button"
        className="quiet switch"
        aria-pressed={state !== 'off'}
        title={title}
        onPointerDown={hold}
        onKeyDown={hold}
        onClick={press}
        data-testid="sound-switch"
      >
        <small>
          Sound<span className="unseen"> of alarms</span>
        </small>{' '}
        <b data-testid="sound-state">{text}</b>
      </button>
      <button
        type="button"
        className="quiet"
        disabled={!sounding}
        title="Quietens the alarms that sound now, until a new one comes. Key: s"
        onClick={() => sound.silence()}
        data-testid="silence"
      >
        Silence<span className="unseen"> the alarms that sound now</span>
      </button>
      <span className="unseen" role="status">
        {state === 'blocked' && title}
      </span>
    </fieldset>
  )
}
