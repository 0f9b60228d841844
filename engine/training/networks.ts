import {
  initializers,
  input,
  type LayersModel,
  layers,
  model,
  sequential,
} from '@tensorflow/tfjs-layers'
import type { ModelWindow, WindowAnswer } from '../anomaly/tensorflow/window.ts'

/** Networks that training knows by name. */
export type NetworkKind = 'dense' | 'temporal' | 'conv-patch' | 'forecast'

/** What each takes, in words, and what it answers to a window; dense takes one row. */
export const NETWORKS: Readonly<
  Record<NetworkKind, { readonly text: string; readonly answer?: WindowAnswer }>
> = {
  dense: { text: 'autoencoder of one row' },
  temporal: { text: 'autoencoder of a window by convolutions over time', answer: 'window' },
  'conv-patch': { text: 'encoder of a window whose decoder sees a memory alone', answer: 'window' },
  forecast: { text: 'tells the next row from a window', answer: 'next' },
}

/** Rows of a window where nobody says another number. */
export const WINDOW_ROWS = 16

const glorot = (seed: number, layer: number) =>
  initializers.glorotUniform({ seed: seed * 10 + layer })

/** An autoencoder of dense layers; the last of `units` is the width of a row. */
export function denseNetwork(width: number, units: readonly number[], seed: number): LayersModel {
  const stack = units.map((size, i) =>
    layers.dense({
      name: `dense_${i + 1}`,
      units: size,
      ...(i === 0 ? { inputShape: [width] } : {}),
      ...(i < units.length - 1 ? { activation: 'tanh' as const } : {}),
      kernelInitializer: initializers.glorotUniform({ seed: seed + i }),
    }),
  )
  return sequential({ name: 'autoencoder', layers: stack })
}

/** Sizes of a forecaster; `past` of one size is a window laid out flat. */
export interface ForecastSizes {
  readonly past: readonly number[]
  readonly width: number
  readonly hidden: number
  readonly seed: number
}

/** Tells a row from those before it: a tanh layer beside a linear one, both from nothing. */
export function forecastNetwork({ past, width, hidden, seed }: ForecastSizes): LayersModel {
  const given = input({ shape: [...past] })
  const flat = past.length === 1 ? given : layers.flatten().apply(given)
  const inner = layers
    .dense({ units: hidden, activation: 'tanh', kernelInitializer: glorot(seed, 1) })
    .apply(flat)
  const curved = layers.dense({ units: width, kernelInitializer: 'zeros' }).apply(inner as never)
  const straight = layers
    .dense({ units: width, useBias: false, kernelInitializer: 'zeros' })
    .apply(flat)
  const sum = layers.add().apply([curved as never, straight as never])
  return model({ inputs: given, outputs: sum as never })
}

const CODE = 12
const DECODER = 48
/** Patches that the memory holds. */
const MEMORY = 32

/** Rebuilds a window through a narrow code: convolutions over time, dense layers back. */
export function temporalNetwork(rows: number, width: number, seed: number): LayersModel {
  return sequential({
    name: 'temporal',
    layers: [...encoder(rows, width, seed), ...decoder(rows, width, seed)],
  })
}

/**
 * Rebuilds a window from a mixture of remembered patches alone: the code addresses the memory by
 * softmax, and what lies outside of normal running has no patch that it could be made of.
 */
export function convPatchNetwork(rows: number, width: number, seed: number): LayersModel {
  const memory = [
    layers.dense({
      ...{ name: 'address', units: MEMORY, activation: 'softmax' },
      kernelInitializer: glorot(seed, 4),
    }),
    layers.dense({
      ...{ name: 'memory', units: CODE, useBias: false },
      kernelInitializer: glorot(seed, 5),
    }),
  ]
  return sequential({
    name: 'conv_patch',
    layers: [...encoder(rows, width, seed), ...memory, ...decoder(rows, width, seed)],
  })
}

function encoder(rows: number, width: number, seed: number) {
  const over = (filters: number, layer: number) => ({
    ...{
      filters,
      kernelSize: 3,
      strides: 2,
      padding: 'same' as const,
      activation: 'tanh' as const,
    },
    ...{ name: `patch_${layer}`, kernelInitializer: glorot(seed, layer) },
  })
  return [
    layers.conv1d({ ...over(16, 1), inputShape: [rows, width] }),
    layers.conv1d(over(16, 2)),
    layers.flatten({ name: 'flat' }),
    layers.dense({
      ...{ name: 'code', units: CODE, activation: 'tanh' as const },
      kernelInitializer: glorot(seed, 3),
    }),
  ]
}

function decoder(rows: number, width: number, seed: number) {
  return [
    layers.dense({
      ...{ name: 'decoder', units: DECODER, activation: 'tanh' as const },
      kernelInitializer: glorot(seed, 6),
    }),
    layers.dense({
      ...{ name: 'rebuilt', units: rows * width },
      kernelInitializer: glorot(seed, 7),
    }),
    layers.reshape({ name: 'window', targetShape: [rows, width] }),
  ]
}

const DENSE_UNITS = [12, 5, 12] as const
const FORECAST_HIDDEN = 16
const FORECAST_NOISE = 0.2

/** A network for the live models of this engine, and how it learns. */
export interface LivePlan {
  readonly kind: NetworkKind
  /** Units of a plain stack of dense layers; none where only the topology says. */
  readonly units: readonly number[]
  readonly window: ModelWindow | undefined
  /** Spread of the noise added to its inputs while it learns. */
  readonly noise?: number
  build(seed: number): LayersModel
}

/** The network of a kind for rows of this width. */
export function livePlan(
  kind: NetworkKind,
  width: number,
  rows: number,
  step_ms: number,
): LivePlan {
  const { answer } = NETWORKS[kind]
  const window = answer && { rows, step_ms, answer }
  switch (kind) {
    case 'dense': {
      const units = [...DENSE_UNITS, width]
      return { kind, units, window, build: seed => denseNetwork(width, units, seed) }
    }
    case 'temporal':
      return { kind, units: [], window, build: seed => temporalNetwork(rows, width, seed) }
    case 'conv-patch':
      return { kind, units: [], window, build: seed => convPatchNetwork(rows, width, seed) }
    case 'forecast': {
      const sizes = { past: [rows, width], width, hidden: FORECAST_HIDDEN }
      const build = (seed: number) => forecastNetwork({ ...sizes, seed })
      return { kind, units: [], window, noise: FORECAST_NOISE, build }
    }
  }
}
