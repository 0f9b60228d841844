import { useEffect, useRef, useState } from 'react'

const HOLD_MS = 800
const CONFIRM_WITHIN_MS = 5000

/**
 * A button that acts when it is held for 0.8 s, by pointer or by Enter or Space. A click that
 * no hold can stand behind (assistive technology) asks for a second one instead.
 */
export function HoldButton(props: {
  text: string
  testId: string
  disabled: boolean
  onHeld: () => void
}) {
  const { text, testId, disabled, onHeld } = props
  const [holding, setHolding] = useState(false)
  const [asked, setAsked] = useState(false)
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  const pressed = useRef(false)
  useEffect(() => () => clearTimeout(timer.current), [])

  const start = () => {
    if (disabled || holding) return
    pressed.current = true
    setHolding(true)
    timer.current = setTimeout(() => {
      setHolding(false)
      onHeld()
    }, HOLD_MS)
  }
  const stop = () => {
    if (!holding) return
    clearTimeout(timer.current)
    setHolding(false)
  }
  const click = () => {
    if (pressed.current) {
      pressed.current = false
      return
    }
    if (asked) {
      setAsked(false)
      return onHeld()
    }
    setAsked(true)
    timer.current = setTimeout(() => setAsked(false), CONFIRM_WITHIN_MS)
  }
  return (
    <button
      type="button"
      className="hold"
      data-testid={testId}
      data-holding={holding}
      disabled={disabled}
      onPointerDown={start}
      onPointerUp={stop}
      onPointerLeave={stop}
      onPointerCancel={stop}
      onKeyDown={event => {
        if (event.key !== 'Enter' && event.key !== ' ') return
        event.preventDefault()
        if (!event.repeat) start()
      }}
      onKeyUp={() => {
        stop()
        pressed.current = false
      }}
      onBlur={stop}
      onClick={click}
    >
      {asked ? `Press again to ${text.toLowerCase()}` : holding ? 'Keep holding…' : text}
      {!asked && !holding && <small> (hold)</small>}
    </button>
  )
}
