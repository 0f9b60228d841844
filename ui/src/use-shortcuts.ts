import { useEffect } from 'react'
import { hashOf, type Route } from './route.ts'
import type { LineState } from './store.ts'

/** The single-key shortcuts, as the help lists them. */
export const SHORTCUTS: readonly (readonly [key: string, text: string])[] = [
  ['1', 'Line overview'],
  ['2', 'Alarms'],
  ['3', 'Recommendations'],
  ['4', 'Models'],
  ['5', 'Engine'],
  ['m', 'Go to the map'],
  ['[', 'Previous cell'],
  [']', 'Next cell'],
  ['s', 'Silence the alarms that sound now'],
  ['?', 'This help'],
]

/** Listens for the single-key shortcuts while they are on and no field has the focus. */
export function useShortcuts(options: {
  readonly on: boolean
  readonly line: LineState | undefined
  readonly route: Route
  readonly openHelp: () => void
  readonly silence: () => void
}): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (!options.on || event.ctrlKey || event.metaKey || event.altKey) return
      if (isField(event.target) || document.querySelector('dialog[open]')) return
      if (event.key === '?') return options.openHelp()
      if (event.key === 's') return options.silence()
      if (event.key === 'm') return focusMap()
      const route = routeOfKey(event.key, options.line, options.route)
      if (route) window.location.hash = hashOf(route)
    }
    window.addEventListener('keydown', onKey)
    return () => window.removeEventListener('keydown', onKey)
  })
}

function routeOfKey(key: string, line: LineState | undefined, route: Route): Route | undefined {
  if (key === '2') return { screen: 'alarms' }
  if (key === '3') return { screen: 'advice' }
  if (key === '4') return { screen: 'models' }
  if (key === '5') return { screen: 'engine' }
  if (!line) return undefined
  const name = line.info.line
  if (key === '1') return { screen: 'line', line: name }
  if (route.screen !== 'cell' || (key !== '[' && key !== ']')) return undefined
  const { cells } = line.info
  const at = cells.indexOf(route.cell) + (key === ']' ? 1 : -1)
  const cell = cells[(at + cells.length) % cells.length]
  return cell === undefined ? undefined : { screen: 'cell', line: name, cell }
}

function isField(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && /^(INPUT|SELECT|TEXTAREA)$/.test(target.tagName)
}

function focusMap(): void {
  document.getElementById('map')?.focus()
}
