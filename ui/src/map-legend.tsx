import { type MapVariable, RAMP_MAX_SIGMA, rampColour } from './deviation.ts'

const STEPS = [0, 1, 2, 3, 4]

/** The ramp with its numbers, and what the deviation is measured against. */
export function MapLegend({ variable }: { variable: MapVariable | undefined }) {
  return (
    <div className="legend">
      <span>0</span>
      <svg width="100" height="12" aria-hidden="true">
        {STEPS.map(step => (
          <rect
            key={step}
            x={step * 20}
            width="20"
            height="12"
            fill={rampColour((step / (STEPS.length - 1)) * RAMP_MAX_SIGMA)}
          />
        ))}
      </svg>
      <span>{variable?.source === 'score' ? '1' : `${RAMP_MAX_SIGMA} σ`}</span>
      <span className="soft">{variable?.against}</span>
    </div>
  )
}
