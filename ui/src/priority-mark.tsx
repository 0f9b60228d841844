import type { AlarmPriority } from '#engine/flow.ts'
import { priorityNumber } from './alarm-state.ts'

/** Outline of each priority's shape in a 16 x 16 box. */
export const PRIORITY_PATHS: Readonly<Record<AlarmPriority, string>> = {
  critical: 'M1 1H15V15H1Z',
  high: 'M8 0.5L16 15H0Z',
  medium: 'M0 1H16L8 15.5Z',
  low: 'M8 0.5A7.5 7.5 0 1 1 8 15.5A7.5 7.5 0 1 1 8 0.5Z',
}

/** Fill and number colour of each priority; contrast of the number is 4.5:1 or more. */
export const PRIORITY_COLOURS: Readonly<Record<AlarmPriority, readonly [string, string]>> = {
  critical: ['#c4001a', '#ffffff'],
  high: ['#e06c00', '#000000'],
  medium: ['#f2c500', '#000000'],
  low: ['#a4158f', '#ffffff'],
}

/** Where the number stands in the shape. */
export const PRIORITY_TEXT_Y: Readonly<Record<AlarmPriority, number>> = {
  critical: 12,
  high: 13.2,
  medium: 9.6,
  low: 12,
}

/** Colour, shape and number of a priority, and its name where there is room. */
export function PriorityMark(props: {
  priority: AlarmPriority
  withText?: boolean
  flashing?: boolean
  /** Shape without colour: a priority that is named, not one that stands. */
  plain?: boolean
  size?: number
}) {
  const { priority, size = 16 } = props
  const [fill, ink] = props.plain ? ['#e7e8e9', '#33383d'] : PRIORITY_COLOURS[priority]
  return (
    <span className="priority" data-priority={priority}>
      <svg
        className={props.flashing ? 'flashing' : undefined}
        width={size}
        height={size}
        viewBox="0 0 16 16"
        role={props.withText ? undefined : 'img'}
        aria-hidden={props.withText ? true : undefined}
        aria-label={props.withText ? undefined : `${priority} priority`}
      >
        <path d={PRIORITY_PATHS[priority]} fill={fill} stroke="#33383d" strokeWidth="0.6" />
        <text
          x="8"
          y={PRIORITY_TEXT_Y[priority]}
          textAnchor="middle"
          fontSize={priority === 'high' || priority === 'medium' ? 9 : 11}
          fontWeight="700"
          fill={ink}
        >
          {priorityNumber(priority)}
        </text>
      </svg>
      {props.withText && <span className="priority-text">{priority}</span>}
    </span>
  )
}
