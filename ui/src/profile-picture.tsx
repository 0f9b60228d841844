import { useState } from 'react'
import type { CellProfile } from './api.ts'
import { useWidth } from './client.ts'
import { axisText, formatNumber, formatUnit, sentence } from './format.ts'

/** Width until the true one is known, and the least that can be read. */
const WIDTH_FIRST = 520
const WIDTH_MIN = 280
const HEIGHT = 150
const LEFT = 38
const RIGHT = 6
const TOP = 6
const BOTTOM = 18
const ROW_INKS = ['#14385f', '#4c5358'] as const
/** The second line is broken, so that both are seen where they lie on each other. */
const ROW_DASHES = ['', '5 4'] as const
const BAR_FILL = '#9aa3aa'
const ROOM_OVER = 0.06
const MARKS_MAX = 5

type Numbers = readonly (number | null)[]

const finite = (values: readonly Numbers[]): number[] =>
  values.flat().filter((value): value is number => value !== null)

/** Low and high end of the scale; bars stand on zero, lines take the range that they fill. */
function scaleOf(profile: CellProfile, fromZero: boolean): readonly [number, number] {
  const all = finite([...profile.values, ...(profile.observed ?? [])])
  if (all.length === 0) return [0, 1]
  const least = Math.min(...all)
  const most = Math.max(...all)
  const room = ROOM_OVER * (most - least || Math.abs(most) || 1)
  return fromZero ? [Math.min(0, least), most + room] : [least - room, most + room]
}

/** Round numbers inside the scale, at most a handful. */
function roundMarks(low: number, high: number): readonly number[] {
  const least = (high - low) / MARKS_MAX
  const decade = 10 ** Math.floor(Math.log10(least))
  const step = decade * ([1, 2, 5].find(factor => factor * decade >= least) ?? 10)
  const first = Math.ceil(low / step)
  const count = Math.floor(high / step) - first + 1
  return Array.from({ length: Math.max(0, count) }, (_, i) => (first + i) * step)
}

/** One quantity along a cell: lines over metres, or bars over numbered positions. */
export function ProfilePicture({ profile }: { profile: CellProfile }) {
  const [holder, setHolder] = useState<HTMLElement | null>(null)
  const width = Math.max(WIDTH_MIN, useWidth(holder) || WIDTH_FIRST)
  const isLine = profile.axis.unit === 'm'
  const [low, high] = scaleOf(profile, !isLine)
  const y = (value: number) => TOP + (1 - (value - low) / (high - low)) * (HEIGHT - TOP - BOTTOM)
  const marks = roundMarks(low, high)
  const mark = axisText(marks)
  return (
    <figure ref={setHolder} className="profile wide" data-testid={`profile-${profile.name}`}>
      <figcaption>
        <b>{sentence(profile.text)}</b> <span className="soft">{formatUnit(profile.unit)}</span>
        {!isLine && (
          <span className="soft">
            {profile.rows.join(', then ')}
            {profile.observed && '; bars measured, lines expected'}
          </span>
        )}
        {isLine &&
          profile.rows.length > 1 &&
          profile.rows.map((row, i) => (
            <span key={row} className="profile-row">
              <i
                style={{
                  borderColor: ROW_INKS[i % ROW_INKS.length],
                  borderTopStyle: i % 2 === 1 ? 'dashed' : 'solid',
                }}
              />
              {row}
            </span>
          ))}
        <span className="soft">{summary(profile)}</span>
      </figcaption>
      <svg width={width} height={HEIGHT} role="img" aria-label={spoken(profile)}>
        {marks.map(value => (
          <g key={value}>
            <path d={`M${LEFT} ${y(value)}H${width - RIGHT}`} stroke="#d2d5d7" />
            <text x={LEFT - 4} y={y(value) + 3.5} fontSize="10.5" fill="#4c5358" textAnchor="end">
              {mark(value)}
            </text>
          </g>
        ))}
        {isLine ? <Lines {...{ profile, y, width }} /> : <Bars {...{ profile, y, width, low }} />}
      </svg>
    </figure>
  )
}

function Lines(props: { profile: CellProfile; y: (value: number) => number; width: number }) {
  const { profile, y, width } = props
  const { positions } = profile.axis
  const end = Math.max(...positions, 1e-9)
  const x = (at: number) => LEFT + (at / end) * (width - LEFT - RIGHT)
  const path = (row: Numbers) =>
    row
      .map((value, i) =>
        value === null
          ? ''
          : `${i === 0 || row[i - 1] === null ? 'M' : 'L'}${x(positions[i]!)} ${y(value)}`,
      )
      .join('')
  return (
    <>
      {profile.values.map((row, i) => (
        <path
          key={profile.rows[i]}
          d={path(row)}
          fill="none"
          stroke={ROW_INKS[i % ROW_INKS.length]}
          strokeDasharray={ROW_DASHES[i % ROW_DASHES.length]}
          strokeWidth={i % 2 === 1 ? 2.4 : 1.6}
        />
      ))}
      {[0, end / 2, end].map(at => (
        <text
          key={at}
          x={x(at)}
          y={HEIGHT - 4}
          fontSize="10.5"
          fill="#4c5358"
          textAnchor={at === 0 ? 'start' : at === end ? 'end' : 'middle'}
        >
          {formatNumber(at, 0)}
          {at === end ? ' m' : ''}
        </text>
      ))}
    </>
  )
}

/** Bars are what is measured, or estimated where nothing is; ticks across are expected. */
function Bars(props: {
  profile: CellProfile
  y: (value: number) => number
  width: number
  low: number
}) {
  const { profile, y, width, low } = props
  const { positions } = profile.axis
  const rows = profile.rows.length
  const step = (width - LEFT - RIGHT) / (positions.length * rows + rows - 1)
  const ground = y(Math.max(0, low))
  return (
    <>
      {profile.values.map((values, row) =>
        values.map((expected, i) => {
          const measured = profile.observed ? (profile.observed[row]?.[i] ?? null) : expected
          const x = LEFT + (row * (positions.length + 1) + i) * step
          const label = i === 0 || (i + 1) % 5 === 0
          return (
            <g key={`${profile.rows[row]}${positions[i]}`}>
              {measured !== null && (
                <rect
                  x={x + 1}
                  y={Math.min(y(measured), ground)}
                  width={Math.max(1, step - 2)}
                  height={Math.abs(ground - y(measured))}
                  fill={BAR_FILL}
                />
              )}
              {profile.observed && expected !== null && (
                <path d={`M${x} ${y(expected)}h${step}`} stroke="#14385f" strokeWidth="2" />
              )}
              {label && (
                <text
                  x={x + step / 2}
                  y={HEIGHT - 4}
                  fontSize="10.5"
                  fill="#4c5358"
                  textAnchor="middle"
                >
                  {positions[i]}
                </text>
              )}
            </g>
          )
        }),
      )}
    </>
  )
}

function summary(profile: CellProfile): string {
  const all = finite(profile.observed ?? profile.values)
  if (all.length === 0) return 'nothing known yet'
  const text = (value: number) => formatNumber(value, profile.digits)
  return `${text(Math.min(...all))} to ${text(Math.max(...all))}`
}

function spoken(profile: CellProfile): string {
  return `${profile.text} by ${profile.axis.text}, ${profile.rows.join(' and ')}: ${summary(profile)} ${profile.unit}`
}
