/** What the alternatives of the bath correlations are held to; those in use have their own. */
import {
  bathComposition,
  bathRatio,
  bathRatioPlain,
  conductivity_S_cm,
  density_kg_m3,
  liquidus_C,
  liquidusPolynomial_C,
  metalSolubility_wtpct,
} from './bath.ts'
import { fanning } from './voltage.ts'

/** One number against another, by their absolute difference. */
export interface BathCase {
  readonly id: string
  readonly text: string
  readonly expected: number
  readonly got: number
  readonly tolerance: number
  readonly source: string
}

/** All cases of the alternatives. */
export function bathCases(): readonly BathCase[] {
  const usual = bathComposition({ alumina_wtpct: 3, alf3_wtpct: 11, caf2_wtpct: 5 })
  return [
    {
      id: '3.3-arkhipov',
      text: 'Arkhipov as read, over Hives, at Al2O3 3, AlF3 11, CaF2 5, 960 C: not for use',
      expected: 1.33,
      got:
        conductivity_S_cm('arkhipov', usual, 1233.15) / conductivity_S_cm('hives', usual, 1233.15),
      tolerance: 0.01,
      source: 'a third above all others: caution',
    },
    {
      id: '3.4-ratio-plain',
      text: 'bath ratio, second published form',
      expected: bathRatio(usual),
      got: bathRatioPlain(usual),
      tolerance: 1e-14,
      source: 'first published form',
    },
    {
      id: '3.11-polynomial',
      text: 'liquidus by the polynomial at Al2O3 3, AlF3 11, CaF2 5, C',
      expected: liquidus_C(usual),
      got: liquidusPolynomial_C(usual),
      tolerance: 10,
      source: 'Solheim et al. 1996',
    },
    {
      id: '3.11-density-usual',
      text: 'density at Al2O3 3, AlF3 11, CaF2 5, 960 C, kg/m3',
      expected: 2085,
      got: density_kg_m3(usual, 960),
      tolerance: 35,
      source: 'usual range, 2050 to 2120',
    },
    {
      id: '3.11-solubility',
      text: 'metal solubility at the same, wt%',
      expected: -0.2877 + 0.0268 * 1.119823 + 0.0002992 * 960 - 0.0096,
      got: metalSolubility_wtpct(usual, 960),
      tolerance: 1e-6,
      source: 'the form worked by hand',
    },
    {
      id: '3.7-fanning',
      text: 'effective over geometric area, 155 x 70 cm anode, 4.2 cm, 15 cm deep, 4 cm apart',
      expected: 1.08,
      got: fanning(4.2, 15, 155, 70, [4, 25], [4, 2]),
      tolerance: 0.04,
      source: 'RC-350 has 1.08',
    },
  ]
}
