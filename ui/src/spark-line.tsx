const WIDTH = 300
const HEIGHT = 56

/** One figure over the last minutes, from zero to its greatest value. */
export function SparkLine(props: {
  text: string
  values: readonly number[]
  format: (value: number) => string
}) {
  const { text, values, format } = props
  const known = values.filter(Number.isFinite)
  const top = known.reduce((most, value) => Math.max(most, value), 0)
  const now = known.at(-1) ?? Number.NaN
  return (
    <figure className="spark">
      <figcaption>
        {text} <b>{format(now)}</b> <span className="soft">most {format(top)}</span>
      </figcaption>
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`${text}, last ${values.length} s: now ${format(now)}, most ${format(top)}`}
      >
        {piecesOf(values, top).map(points => (
          <polyline key={points} points={points} vectorEffect="non-scaling-stroke" />
        ))}
      </svg>
    </figure>
  )
}

/** Lines between gaps; the newest value is at the right edge. */
function piecesOf(values: readonly number[], top: number): readonly string[] {
  const pieces: string[][] = [[]]
  values.forEach((value, i) => {
    if (!Number.isFinite(value)) {
      pieces.push([])
      return
    }
    const x = WIDTH - (values.length - 1 - i)
    const y = HEIGHT - 2 - (top > 0 ? (value / top) * (HEIGHT - 4) : 0)
    pieces.at(-1)!.push(`${x},${y.toFixed(1)}`)
  })
  return pieces.filter(points => points.length > 1).map(points => points.join(' '))
}
