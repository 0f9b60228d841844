/** A bar that fills up to a limit; the numbers stand beside it, so it is left out when read aloud. */
export function GaugeBar(props: { value: number; limit: number; fullIsFine?: boolean }) {
  const { value, limit, fullIsFine = false } = props
  const share = limit > 0 ? Math.min(1, Math.max(0, value / limit)) : 0
  return (
    <span className="gauge" data-full={share >= 1 && !fullIsFine} aria-hidden="true">
      <span style={{ inlineSize: `${100 * share}%` }} />
    </span>
  )
}
