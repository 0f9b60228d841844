import type { SoundSaid } from './alarm-sound.ts'

const KEY = 'liquidus.alarm-sound'

/** Whether this browser's user wants to hear alarms; off where nothing can be remembered. */
export const soundChoice = {
  load(): boolean {
    try {
      return window.localStorage.getItem(KEY) === 'on'
    } catch {
      return false
    }
  },
  save(on: boolean): void {
    try {
      window.localStorage.setItem(KEY, on ? 'on' : 'off')
    } catch {
      // A browser that keeps nothing asks again after the next load.
    }
  },
}

/** The other windows of this browser that show the page. */
export function otherWindows() {
  const channel = new BroadcastChannel(KEY)
  return {
    tell: (said: SoundSaid) => channel.postMessage(said),
    hear(listener: (said: SoundSaid) => void) {
      channel.onmessage = event => listener(event.data as SoundSaid)
      return () => channel.close()
    },
  }
}
