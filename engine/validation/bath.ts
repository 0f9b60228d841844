/** Sections 3.1 to 3.4 and 3.11: bath properties against their published and independent values. */
import {
  aluminaSaturation_wtpct,
  type BathComposition,
  bathComposition,
  conductivity_S_cm,
  liquidus_C,
} from '#twin-models/potline/bath.ts'
import { bathCases } from '#twin-models/potline/bath-cases.ts'
import fixtures from '#twin-models/potline/fixtures.json' with { type: 'json' }
import { type CheckGroup, near } from './check.ts'

const SOLHEIM = 'Solheim et al. 1996, separate implementation'

function bath(
  alumina_wtpct: number,
  alf3_wtpct: number,
  caf2_wtpct: number,
  mgf2_wtpct = 0,
  lif_wtpct = 0,
): BathComposition {
  return bathComposition({ alumina_wtpct, alf3_wtpct, caf2_wtpct, mgf2_wtpct, lif_wtpct })
}

/** Liquidus of ten compositions, the published example, and the slopes. */
export const liquidusGroup: CheckGroup = {
  section: '3.1',
  title: 'Liquidus',
  run() {
    const rows = fixtures.liquidus.rows.map(([alf3, alumina, caf2, lif, mgf2, kf, expected]) =>
      near({
        id: `3.1-liquidus-${alf3}-${alumina}-${caf2}-${lif}-${mgf2}`,
        text: `AlF3 ${alf3}, Al2O3 ${alumina}, CaF2 ${caf2}, LiF ${lif}, MgF2 ${mgf2}: liquidus, C`,
        expected: expected!,
        got: liquidus_C({ ...bath(alumina!, alf3!, caf2!, mgf2!, lif!), kf_wtpct: kf! }),
        tolerance: 1e-9,
        source: SOLHEIM,
      }),
    )
    const at = (alumina: number, alf3: number) => liquidus_C(bath(alumina, alf3, 5))
    const step = 1e-3
    return [
      ...rows,
      near({
        id: '3.1-entner',
        text: 'AlF3 10, CaF2 6.5, Al2O3 3, MgF2 0.3: liquidus, C',
        expected: 959.4,
        got: liquidus_C(bath(3, 10, 6.5, 0.3)),
        tolerance: 0.05,
        source: 'Entner, example page ("Solheim 1995")',
      }),
      near({
        id: '3.1-slope-alf3',
        text: 'slope at AlF3 11, Al2O3 3, CaF2 5, per % AlF3, C',
        expected: -4.36,
        got: (at(3, 11 + step) - at(3, 11 - step)) / (2 * step),
        tolerance: 0.1,
        source: 'linear fit of Lyu et al. 2024',
      }),
      near({
        id: '3.1-slope-alumina',
        text: 'slope there per % Al2O3, C',
        expected: -5.7,
        got: (at(3 + step, 11) - at(3 - step, 11)) / (2 * step),
        tolerance: 0.1,
        source: 'linear fit of Lyu et al. 2024',
      }),
    ]
  },
}

/** Alumina at saturation. */
export const saturationGroup: CheckGroup = {
  section: '3.2',
  title: 'Alumina saturation',
  run() {
    const rows: readonly (readonly [string, BathComposition, number, number])[] = [
      ['pure cryolite at 1000 C', bath(0, 0, 0), 1000, 11.9],
      ['AlF3 10, CaF2 5 at 960 C', bath(0, 10, 5), 960, 8.358087],
      ['AlF3 11, CaF2 5 at 960 C', bath(0, 11, 5), 960, 8.26772],
      ['AlF3 12, CaF2 4.1, MgF2 0.25 at 963 C', bath(0, 12, 4.1, 0.25), 963, 8.369703],
      ['AlF3 11, CaF2 6, LiF 1.5, MgF2 1 at 965 C', bath(0, 11, 6, 1, 1.5), 965, 7.589227],
    ]
    return rows.map(([text, composition, at_C, expected], i) =>
      near({
        id: `3.2-saturation-${i + 1}`,
        text: `${text}: saturation, wt%`,
        expected,
        got: aluminaSaturation_wtpct(composition, at_C),
        tolerance: 5.1e-7,
        source: 'Skybakmoen et al. 1997, separate implementation',
      }),
    )
  },
}

const CONDUCTIVITIES = ['hives', 'wang', 'choudhary'] as const

/** Conductivity by the correlations in use. */
export const conductivityGroup: CheckGroup = {
  section: '3.3',
  title: 'Conductivity',
  run() {
    const rows: readonly (readonly [string, BathComposition, number, readonly number[]])[] = [
      ['3, 11, 5, 0 at 960 C', bath(3, 11, 5), 960, [2.15178, 2.201448, 2.092119]],
      [
        '2.5, 12, 4.1, 0.25 at 963 C',
        bath(2.5, 12, 4.1, 0.25),
        963,
        [2.156131, 2.215015, 2.100588],
      ],
      ['3, 10, 6.5, 0.3 at 969.4 C', bath(3, 10, 6.5, 0.3), 969.4, [2.169732, 2.221793, 2.114255]],
    ]
    return rows.flatMap(([text, composition, at_C, expected], row) =>
      CONDUCTIVITIES.map((model, i) =>
        near({
          id: `3.3-${model}-${row + 1}`,
          text: `Al2O3, AlF3, CaF2, MgF2 ${text}: ${model}, S/cm`,
          expected: expected[i]!,
          got: conductivity_S_cm(model, composition, at_C + 273.15),
          tolerance: 5.1e-7,
          source: 'separate implementation of the published form',
        }),
      ),
    )
  },
}

/** Bath ratio, density, and the correlations that are there as alternatives. */
export const alternativesGroup: CheckGroup = {
  section: '3.11',
  title: 'Other bath properties and alternatives',
  run: () => bathCases().map(near),
}
