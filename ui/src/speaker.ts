import type { Tone } from './sound-plan.ts'
import { type Note, PATTERNS } from './tone-patterns.ts'

/** What makes tones; a test hands in its own. */
export interface Speaker {
  /** Asks for sound; a browser may grant it only once somebody presses something. */
  wake(): void
  /** Ends all sound until it is woken again. */
  rest(): void
  /** True while tones can be heard. */
  isRunning(): boolean
  play(tone: Tone | 'check'): void
  /** Tells whenever `isRunning` may have changed. */
  onChange(listener: () => void): void
}

/** The system's volume is the operator's; two patterns never overlap. */
const LOUDNESS = 0.5
/** Fades so short that they are not heard, and without which every note clicks. */
const FADE_S = 0.012
const GESTURES = ['pointerdown', 'keydown', 'click'] as const

/** The speaker of the browser, by WebAudio. */
export function webSpeaker(): Speaker {
  let context: AudioContext | undefined
  let changed = () => {}
  const resume = () => {
    // Refused until a gesture comes; then the state stays "suspended", which the header shows.
    void context?.resume().catch(() => {})
  }
  return {
    wake() {
      if (context === undefined && typeof AudioContext === 'function') {
        context = new AudioContext()
        context.onstatechange = () => changed()
      }
      for (const gesture of GESTURES) window.addEventListener(gesture, resume, { capture: true })
      resume()
    },
    rest() {
      for (const gesture of GESTURES) window.removeEventListener(gesture, resume, { capture: true })
      void context?.suspend().catch(() => {})
    },
    isRunning: () => context?.state === 'running',
    play(tone) {
      if (context?.state !== 'running') return
      for (const note of PATTERNS[tone]) sound(context, note)
    },
    onChange(listener) {
      changed = listener
    },
  }
}

function sound(context: AudioContext, { at_s, length_s, pitch_Hz }: Note): void {
  const from_s = context.currentTime + at_s
  const to_s = from_s + length_s
  const gain = new GainNode(context, { gain: 0 })
  gain.gain.setValueAtTime(0, from_s)
  gain.gain.linearRampToValueAtTime(LOUDNESS, from_s + FADE_S)
  gain.gain.setValueAtTime(LOUDNESS, to_s - FADE_S)
  gain.gain.linearRampToValueAtTime(0, to_s)
  // A triangle has the overtones that a pure tone lacks: it is heard through noise, and located.
  const wave = new OscillatorNode(context, { type: 'triangle', frequency: pitch_Hz })
  wave.connect(gain).connect(context.destination)
  wave.start(from_s)
  wave.stop(to_s)
}
