/**
 * Enthalpy method on a fixed grid, explicit and conservative: heat flows between cells by
 * conduction, and a cell's temperature follows from its heat. It knows no front, so it is an
 * independent check of `stefan.ts`; it is clear, not fast.
 */

/** Equal cells from the outside (index 0) inwards; lining cells have no latent heat. */
export interface EnthalpyGrid {
  readonly width_m: number
  readonly melting_K: number
  readonly conductivity_W_mK: Float64Array // [cell]
  readonly liquidConductivity_W_mK: Float64Array // [cell]
  /** Heat capacity per volume, solid and liquid. */
  readonly heat_J_m3K: Float64Array // [cell]
  readonly liquidHeat_J_m3K: Float64Array // [cell]
  readonly latent_J_m3: Float64Array // [cell]
  /** Between the outer surface and `outer_K`; Infinity holds the surface at `outer_K`. */
  readonly outside_W_m2K: number
  readonly outer_K: number
  /** Temperature held at the inner end; undefined insulates it. */
  readonly inner_K: number | undefined
}

/** Temperature of a cell from its heat, J/m3 over the solid at the melting point. */
export function temperature_K(grid: EnthalpyGrid, cell: number, heat_J_m3: number): number {
  const latent = grid.latent_J_m3[cell]!
  if (heat_J_m3 < 0) return grid.melting_K + heat_J_m3 / grid.heat_J_m3K[cell]!
  if (heat_J_m3 <= latent) return grid.melting_K
  return grid.melting_K + (heat_J_m3 - latent) / grid.liquidHeat_J_m3K[cell]!
}

/** Heat of a cell at a temperature; at the melting point the cell is liquid. */
export function heat_J_m3(grid: EnthalpyGrid, cell: number, cell_K: number): number {
  const over_K = cell_K - grid.melting_K
  if (over_K < 0) return over_K * grid.heat_J_m3K[cell]!
  return over_K * grid.liquidHeat_J_m3K[cell]! + grid.latent_J_m3[cell]!
}

/** Share of a cell that is liquid. */
export function liquidShare(grid: EnthalpyGrid, cell: number, heat_J_m3: number): number {
  const latent = grid.latent_J_m3[cell]!
  if (latent === 0) return 0
  return Math.min(Math.max(heat_J_m3 / latent, 0), 1)
}

/** Thickness of everything solid. */
export function solid_m(grid: EnthalpyGrid, heat: Float64Array): number {
  let sum = 0
  for (let i = 0; i < heat.length; i++) sum += 1 - liquidShare(grid, i, heat[i]!)
  return sum * grid.width_m
}

/** The longest step that keeps the explicit scheme stable. */
export function longestStep_s(grid: EnthalpyGrid): number {
  let most = 0
  for (let i = 0; i < grid.heat_J_m3K.length; i++) {
    most = Math.max(
      most,
      grid.conductivity_W_mK[i]! / grid.heat_J_m3K[i]!,
      grid.liquidConductivity_W_mK[i]! / grid.liquidHeat_J_m3K[i]!,
    )
  }
  // A cell at a held surface has conductances of 2 and 1 units, so 3 instead of 2.
  return (grid.width_m * grid.width_m) / (3 * most)
}

/** From a cell's temperature to its outer face: half a cell, or all its solid when it is mushy. */
function outwards_m2K_W(grid: EnthalpyGrid, cell: number, liquid: number): number {
  if (liquid === 1) return (0.5 * grid.width_m) / grid.liquidConductivity_W_mK[cell]!
  return ((liquid === 0 ? 0.5 : 1 - liquid) * grid.width_m) / grid.conductivity_W_mK[cell]!
}

/** From a cell's temperature to its inner face: half a cell, or all its liquid when it is mushy. */
function inwards_m2K_W(grid: EnthalpyGrid, cell: number, liquid: number): number {
  if (liquid === 0) return (0.5 * grid.width_m) / grid.conductivity_W_mK[cell]!
  return ((liquid === 1 ? 0.5 : liquid) * grid.width_m) / grid.liquidConductivity_W_mK[cell]!
}

/**
 * Advances the heat of all cells [J/m3] by a step no longer than `longestStep_s`. A stirred bath
 * gives `toFront_W_m2` to the innermost cell that is not all liquid, and so on outwards. Returns
 * the heat that left the outer surface, W/m2.
 */
export function advanceEnthalpy(
  grid: EnthalpyGrid,
  heat: Float64Array, // [cell]
  step_s: number,
  toFront_W_m2: number,
): number {
  const count = heat.length
  const perWidth = step_s / grid.width_m
  let here_K = temperature_K(grid, 0, heat[0]!)
  let liquid = liquidShare(grid, 0, heat[0]!)
  // At a held surface a film of solid would conduct without limit: half a cell at least.
  const surface_m2K_W = (0.5 * grid.width_m) / grid.conductivity_W_mK[0]!
  const outside_W_m2 = (here_K - grid.outer_K) / (1 / grid.outside_W_m2K + surface_m2K_W)
  let outwards_W_m2 = outside_W_m2
  for (let i = 0; i < count; i++) {
    const here_m2K_W = inwards_m2K_W(grid, i, liquid)
    let inner_W_m2 = 0
    if (i + 1 < count) {
      const next_K = temperature_K(grid, i + 1, heat[i + 1]!)
      liquid = liquidShare(grid, i + 1, heat[i + 1]!)
      inner_W_m2 = (next_K - here_K) / (here_m2K_W + outwards_m2K_W(grid, i + 1, liquid))
      here_K = next_K
    } else if (grid.inner_K !== undefined) {
      inner_W_m2 = (grid.inner_K - here_K) / here_m2K_W
    }
    heat[i] = heat[i]! + perWidth * (inner_W_m2 - outwards_W_m2)
    outwards_W_m2 = inner_W_m2
  }
  if (toFront_W_m2 !== 0) giveToFront(grid, heat, perWidth * toFront_W_m2)
  return outside_W_m2
}

/** Melts from the bath side: what a cell cannot take as latent heat goes to the next outwards. */
function giveToFront(grid: EnthalpyGrid, heat: Float64Array, given_J_m3: number): void {
  let left = given_J_m3
  for (let i = heat.length - 1; i >= 0 && left > 0; i--) {
    const room = grid.latent_J_m3[i]! - heat[i]!
    if (room <= 0) continue
    const taken = Math.min(room, left)
    heat[i] = heat[i]! + taken
    left -= taken
  }
  if (left > 0) heat[0] = heat[0]! + left
}
