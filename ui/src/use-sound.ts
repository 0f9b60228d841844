import { createContext, useContext, useSyncExternalStore } from 'react'
import type { AlarmSound, SoundView } from './alarm-sound.ts'

export const SoundContext = createContext<AlarmSound | undefined>(undefined)

/** The sound that the page was given. */
export function useAlarmSound(): AlarmSound {
  const sound = useContext(SoundContext)
  if (!sound) throw new Error('should hold: an alarm sound is provided')
  return sound
}

/** What the sound does now; the component renders again whenever that changes. */
export function useSoundView(): SoundView {
  const sound = useAlarmSound()
  return useSyncExternalStore(sound.subscribe, sound.view)
}
