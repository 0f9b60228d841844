import type { ReactNode } from 'react'
import { type MapVariable, RAMP_MAX_SIGMA, rampColour } from './deviation.ts'

/** Why a cell has no value to colour it by. */
const HATCHED: Readonly<Record<MapVariable['source'], string>> = {
  residual: 'hidden by an event or a fault',
  field: 'not observable now',
  score: 'no score now',
}
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
      <span>
        {variable?.source === 'score' ? 1 : RAMP_MAX_SIGMA} {variable?.against}
      </span>
      <LegendSign text={variable ? HATCHED[variable.source] : ''}>
        <pattern id="hatch" width="5" height="5" patternUnits="userSpaceOnUse">
          <path d="M0 5L5 0" stroke="#7d8489" />
        </pattern>
        <rect width="20" height="12" fill="#cfd2d4" />
        <rect width="20" height="12" fill="url(#hatch)" />
      </LegendSign>
      <LegendSign text="twin not trusted">
        <rect
          x="1"
          y="1"
          width="18"
          height="10"
          fill="none"
          stroke="#22272b"
          strokeDasharray="4 3"
        />
      </LegendSign>
    </div>
  )
}

function LegendSign({ text, children }: { text: string; children: ReactNode }) {
  return (
    <span className="legend-sign">
      <svg width="20" height="12" aria-hidden="true">
        {children}
      </svg>
      {text}
    </span>
  )
}
