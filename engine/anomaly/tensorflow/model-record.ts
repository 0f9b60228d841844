import type { ModelWindow } from './window.ts'

/** What a model was fed: names, order, units and resolution; any change of them invalidates it. */
export interface InputSchema {
  /** SHA-256 over the rest of this object. */
  readonly sha256: string
  readonly features: readonly { readonly name: string; readonly unit: string }[]
  readonly tick_ms: number
  /** Signals behind the features, with the finest step seen in their values, in SI. */
  readonly tags: readonly {
    readonly tag: string
    readonly unit: string
    readonly period_ms: number
    readonly resolution: number
  }[]
  /** Absent: the model takes one row at a time. */
  readonly window?: ModelWindow
}

/** How a signal was spread while the model learnt; what drift is judged against. */
export interface TagReference {
  readonly tag: string
  /** Upper edges of all bins but the last, SI, at the deciles; equal ones once. */
  readonly edges: readonly number[]
  readonly shares: readonly number[] // [bin]
}

/** What a model version says about itself: `record.json`, never changed once written. */
export interface ModelRecord {
  readonly schema: 1 | 2
  readonly name: string
  readonly version: string
  /** `trained` here, or `registered`: trained elsewhere. */
  readonly origin?: 'trained' | 'registered'
  /** Names of the features in order, and how each is scaled: (x - centre) / scale. */
  readonly features: readonly string[]
  readonly centre: readonly number[]
  readonly scale: readonly number[]
  /** Absent in records of schema 1. */
  readonly inputs?: InputSchema
  /** Which of the networks that training knows; absent: dense, or trained elsewhere. */
  readonly network?: string
  /** Units of the dense layers, the input left out; none where its topology alone says. */
  readonly layers: readonly number[]
  /** Mean squared error of the scaled features above which a cell stands out. */
  readonly threshold: number
  readonly calibration: {
    readonly rows: number
    /** One value per cell and block of this length, so that neighbours in time count once. */
    readonly block_s: number
    readonly blocks: number
    readonly largest: number
    readonly safety_1: number
    /** Split conformal: chance that a normal block passes the threshold is at most this. */
    readonly chance_per_block: number
  }
  readonly training: {
    readonly rows: number
    readonly from_ms: number
    readonly to_ms: number
    readonly seed: number
    readonly epochs: number
    readonly loss: readonly number[]
    readonly data: string
    /** Lineage: hash of the rows that the fit and the calibration saw. */
    readonly data_sha256: string
    /** Where the rows came from: files with their hash, or a range of a line's log. */
    readonly sources?: readonly { readonly from: string; readonly sha256: string }[]
    /** Rows left out because an alarm was active on the cell or close in time. */
    readonly rows_alarmed?: number
    readonly code: string
    /** Hash of the sources that make features and train. */
    readonly code_sha256?: string
    readonly reference?: readonly TagReference[]
  }
  readonly metrics?: {
    readonly loss_fit: number
    /** Mean score of the calibration rows. */
    readonly score_calibration: number
    /** Share of the calibration rows above the threshold. */
    readonly far_calibration: number
  }
  /** Who trained or registered it; who approved it is in the alias history. */
  readonly author?: string
  readonly weights_sha256: string
}

/** A model version as the registry keeps it. */
export interface StoredModel {
  readonly record: ModelRecord
  /** Keras-style topology and weight specs, as TensorFlow.js writes them. */
  readonly model: unknown
  readonly weights: Uint8Array
  /** True when the alias `champion` points at this version. */
  readonly promoted: boolean
  /** SHA-256 over record, topology and weights: what the log names. */
  readonly sha256: string
}
