/** What a model version says about itself: `record.json`, never changed once written. */
export interface ModelRecord {
  readonly schema: 1
  readonly name: string
  readonly version: string
  /** Names of the features in order, and how each is scaled: (x - centre) / scale. */
  readonly features: readonly string[]
  readonly centre: readonly number[]
  readonly scale: readonly number[]
  /** Units of the dense layers, the input left out. */
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
    readonly data_sha256: string
    readonly code: string
  }
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
}
