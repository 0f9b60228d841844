/** Sections 3.8 to 3.13: anode effect, current efficiency, greenhouse gases. */
import { efficiencyLossOffset } from '#twin-models/potline/heat.ts'
import { pfcByOvervoltage, pfcBySlope } from '#twin-models/potline/pfc.ts'
import { criticalDensity_A_cm2 } from '#twin-models/potline/voltage.ts'
import { type CheckGroup, near, nearShare } from './check.ts'

const WORKBOOK = 'IAI / GHG Protocol aluminium workbook, sheet 8'

/** The worked examples of the workbook; metal 1000 t. */
export const pfcGroup: CheckGroup = {
  section: '3.13',
  title: 'Perfluorocarbons',
  run() {
    const vss = pfcBySlope('ipcc-2006', 'vss', 10, 1e6, 'ar2')
    const cwpb = pfcByOvervoltage('cwpb', 0.005, 0.95, 1e6, 'ar2')
    const modern = pfcBySlope('eu-2025', 'pfpb-modern', 0.1, 1000, 'ar5')
    const rows: readonly (readonly [string, string, number, number, number, string])[] = [
      ['vss-cf4', 'VSS, 10 min per cell-day: CF4, kg', 920, vss.cf4_kg, 1e-9, WORKBOOK],
      ['vss-c2f6', 'VSS: C2F6, kg', 48.76, vss.c2f6_kg, 1e-9, WORKBOOK],
      ['vss-co2e', 'VSS: CO2 equivalent (AR2), t', 6428.59, vss.co2e_kg / 1000, 5e-3, WORKBOOK],
      ['cwpb-cf4', 'CWPB, 5 mV, CE 95 %: CF4, kg', 61.0526, cwpb.cf4_kg, 5e-5, WORKBOOK],
      ['cwpb-c2f6', 'CWPB: C2F6, kg', 7.38737, cwpb.c2f6_kg, 5e-6, WORKBOOK],
      ['cwpb-co2e', 'CWPB: CO2 equivalent (AR2), t', 464.806, cwpb.co2e_kg / 1000, 5e-4, WORKBOOK],
      [
        'modern-cf4',
        'modern PFPB, 0.1 min: CF4 per t, kg',
        0.0104,
        modern.cf4_kg,
        1e-9,
        'EU 2025/2547',
      ],
      [
        'modern-co2e',
        'modern PFPB, 0.1 min: CO2 equivalent per t (AR5), t',
        0.0755,
        modern.co2e_kg / 1000,
        5e-5,
        'EU 2025/2547',
      ],
    ]
    return rows.map(([id, text, expected, got, tolerance, source]) =>
      near({ id: `3.13-${id}`, text, expected, got, tolerance, source }),
    )
  },
}

/** Critical current density, offset of the efficiency. */
export const otherPropertiesGroup: CheckGroup = {
  section: '3.8',
  title: 'Anode effect and current efficiency',
  run: () => [
    nearShare({
      id: '3.8-critical',
      text: 'critical density at 1.07 % alumina, 5233 cm2, 963 C, A/cm2',
      expected: 1.06,
      got: criticalDensity_A_cm2(5233, 1.07, 963 + 273.15),
      tolerance: 0.01,
      source: 'Piontelli form, separate computation',
    }),
    near({
      id: '3.12-dewing',
      text: 'offset of the loss at CE 0.94, superheat 10, AlF3 11, LiF 1.5',
      expected: 0.98215,
      got: efficiencyLossOffset(6, 10, 11, 1.5),
      tolerance: 5.1e-6,
      source: 'Lyu et al. 2024',
    }),
  ],
}
