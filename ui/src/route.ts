/** Which screen is shown; the address bar holds it as `#/...`. */
export type Route =
  | { readonly screen: 'line'; readonly line: string }
  | { readonly screen: 'cell'; readonly line: string; readonly cell: string }
  | { readonly screen: 'alarms' }
  | { readonly screen: 'advice' }
  | { readonly screen: 'models' }
  | { readonly screen: 'engine' }

/** The route of a hash; a line named '' means the first one. */
export function parseRoute(hash: string): Route {
  const parts = hash.replace(/^#\/?/, '').split('/').map(decode)
  const [first, line = '', third, cell = ''] = parts
  if (first === 'alarms') return { screen: 'alarms' }
  if (first === 'advice') return { screen: 'advice' }
  if (first === 'models') return { screen: 'models' }
  if (first === 'engine') return { screen: 'engine' }
  if (first === 'line' && third === 'cell' && cell !== '') return { screen: 'cell', line, cell }
  return { screen: 'line', line: first === 'line' ? line : '' }
}

/** The hash of a route. */
export function hashOf(route: Route): string {
  if (route.screen !== 'line' && route.screen !== 'cell') return `#/${route.screen}`
  const line = `#/line/${encodeURIComponent(route.line)}`
  return route.screen === 'line' ? line : `${line}/cell/${encodeURIComponent(route.cell)}`
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}
