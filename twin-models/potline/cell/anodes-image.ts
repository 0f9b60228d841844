/** A memory image with one cell's bath and anodes, for checks of the network by itself. */
import { BATH_VALUES, bathLane, bathValue } from '../bath-lane.ts'
import { solveAnodes } from './anodes.ts'
import {
  ANODE_FACTORS,
  ANODE_PARTS,
  ANODE_VECTORS,
  type AnodeGiven,
  anodePart,
  anodeVector,
  anodeWork,
  anodeWorkAt,
  anodeWorkLength,
  fillAnodeFactors,
} from './anodes-places.ts'
import { LANES } from './layout.ts'

/** Places of the blocks in the image. */
export interface AnodeImage {
  readonly m: Float64Array
  readonly anodes: number
  readonly factorsAt: number
  readonly bathAt: number
  readonly aluminaAt: number
  readonly anodesAt: number
  readonly partsAt: number
  readonly workAt: number
}

/** Composition and temperature of the bath. */
export interface ImageBath {
  readonly alumina_wtpct: number
  readonly alf3_wtpct: number
  readonly caf2_wtpct: number
  readonly mgf2_wtpct: number
  readonly bath_K: number
}

/** One cell of equal anodes at half their age, with even currents; `lane` is its place. */
export function anodeImage(
  anodes: number,
  given: AnodeGiven,
  bath: ImageBath,
  line_A: number,
  acd_m: number,
  lane = 0,
): AnodeImage {
  const lengths = [
    ANODE_FACTORS,
    BATH_VALUES,
    anodes,
    ANODE_VECTORS * anodes,
    ANODE_PARTS,
    anodeWorkLength(anodes),
  ]
  const starts: number[] = [lane]
  for (const length of lengths) starts.push(starts.at(-1)! + LANES * length)
  const m = new Float64Array(starts.at(-1)!)
  const [factorsAt, bathAt, aluminaAt, anodesAt, partsAt, workAt] = starts as [
    number,
    number,
    number,
    number,
    number,
    number,
  ]
  const image = { m, anodes, factorsAt, bathAt, aluminaAt, anodesAt, partsAt, workAt }
  fillAnodeFactors(m, factorsAt, anodes, given)
  for (const key of ['alumina_wtpct', 'alf3_wtpct', 'caf2_wtpct', 'mgf2_wtpct', 'bath_K'] as const)
    m[bathAt + LANES * bathValue[key]] = bath[key]
  bathLane(m, bathAt)
  for (let i = 0; i < anodes; i++) {
    m[aluminaAt + LANES * i] = bath.alumina_wtpct / 100
    setAnode(image, i, 'acd_m', acd_m)
    setAnode(image, i, 'age_s', given.anodeLife_s / 2)
    setAnode(image, i, 'current_A', line_A / anodes)
  }
  return image
}

/** Solves the network of the image and returns the cell voltage. */
export function solveImage(image: AnodeImage, line_A: number, iterations: number): number {
  const { m, anodes, factorsAt, bathAt, aluminaAt, anodesAt, partsAt, workAt } = image
  solveAnodes(
    m,
    anodes,
    iterations,
    factorsAt,
    bathAt,
    aluminaAt,
    anodesAt,
    line_A,
    partsAt,
    workAt,
  )
  return part(image, 'cell_V')
}

/** A part of the voltage. */
export function part(image: AnodeImage, key: keyof typeof anodePart): number {
  return image.m[image.partsAt + LANES * anodePart[key]]!
}

/** A state of one anode. */
export function anode(image: AnodeImage, index: number, key: keyof typeof anodeVector): number {
  return image.m[image.anodesAt + LANES * (anodeVector[key] * image.anodes + index)]!
}

/** Sets a state of one anode. */
export function setAnode(
  image: AnodeImage,
  index: number,
  key: keyof typeof anodeVector,
  value: number,
): void {
  image.m[image.anodesAt + LANES * (anodeVector[key] * image.anodes + index)] = value
}

/** A scratch value of one anode after a solution. */
export function anodeResult(image: AnodeImage, index: number, key: keyof typeof anodeWork): number {
  return image.m[anodeWorkAt(image.workAt, image.anodes, anodeWork[key]) + LANES * index]!
}

/** Sum of all anode currents. */
export function totalCurrent_A(image: AnodeImage): number {
  let sum_A = 0
  for (let i = 0; i < image.anodes; i++) sum_A += anode(image, i, 'current_A')
  return sum_A
}
