import type { CellProfile } from './api.ts'
import { formatNumber } from './format.ts'

const WIDTH = 250
const HEIGHT = 118
const LINING = 34
const PER_CM = 6.5
const BATH_TOP = 14
const METAL_TOP = 60
const FLOOR = 106
const LEDGE_SHOWN_MAX_CM = 22

/** The side of the cell in section: frozen ledge in front of the lining, bath over metal. */
export function LedgeSection({ profile }: { profile: CellProfile }) {
  const [bath_cm, metal_cm] = profile.values[0] ?? []
  const x = (thick_cm: number | null | undefined) =>
    LINING + PER_CM * Math.min(LEDGE_SHOWN_MAX_CM, Math.max(0, thick_cm ?? 0))
  const text = (thick_cm: number | null | undefined) =>
    `${formatNumber(thick_cm, profile.digits)} ${profile.unit}`
  const names = profile.axis.labels ?? ['bath level', 'metal level']
  const middle = { bath: (BATH_TOP + METAL_TOP) / 2, metal: (METAL_TOP + FLOOR) / 2 }
  return (
    <figure className="profile" data-testid="profile-ledge_m">
      <figcaption>
        <b>Ledge</b> <span className="soft">in section, at both heights</span>
      </figcaption>
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        width="100%"
        preserveAspectRatio="xMinYMid"
        role="img"
        aria-label={`ledge: ${names[0]} ${text(bath_cm)}, ${names[1]} ${text(metal_cm)}`}
      >
        <rect x={LINING} y={BATH_TOP} width={WIDTH} height={METAL_TOP - BATH_TOP} fill="#dfe3e6" />
        <rect x={LINING} y={METAL_TOP} width={WIDTH} height={FLOOR - METAL_TOP} fill="#c3c9ce" />
        <rect x="6" y="6" width={LINING - 6} height={FLOOR} fill="#6d747a" />
        <rect x="0" y="6" width="6" height={FLOOR} fill="#3a4146" />
        <path
          d={`M${LINING} ${BATH_TOP}H${x(bath_cm)}V${METAL_TOP - 8}L${x(metal_cm)} ${METAL_TOP + 8}V${FLOOR}H${LINING}Z`}
          fill="#f6f7f7"
          stroke="#5b646b"
        />
        <text x={x(bath_cm) + 6} y={middle.bath + 4} fontSize="12" fill="#1f2427">
          {text(bath_cm)} <tspan fill="#4c5358">{names[0]}</tspan>
        </text>
        <text x={x(metal_cm) + 6} y={middle.metal + 6} fontSize="12" fill="#1f2427">
          {text(metal_cm)} <tspan fill="#4c5358">{names[1]}</tspan>
        </text>
      </svg>
    </figure>
  )
}
