import type { Channel, LineDefinition, OutputEvent, Quantity } from '../../flow.ts'
import type { ThreadLoad } from '../../load.ts'
import type { Kept } from '../checkpoints.ts'
import type { FrameShape } from './frame-slots.ts'
import type { PackedRecords } from './records.ts'
import type { Shown } from './showing.ts'

/** Number of a line within its thread. */
export type LineNumber = number

/** What a thread of folds starts with. */
export interface ThreadStart {
  readonly name: string
  /** It starts with the engine: what its lines will need is loaded before they ask. */
  readonly warm: boolean
  /** [0]: the line that is being folded now, or -1; tells who was at work when a thread ends. */
  readonly folding: Int32Array
}

/** What the entry of a fold thread is handed. */
export interface FoldThreadData {
  readonly start: ThreadStart
  /** Folder of the model registry. */
  readonly models: string
  /** Folder of the ONNX files that were checked before. */
  readonly checked: string
  /** Memory of each line's history. */
  readonly trend_bytes_max: number
}

/** From the I/O thread to a thread of folds. At most one `fold` of a line is under way. */
export type ToFolds =
  | {
      readonly do: 'open'
      readonly line: LineNumber
      readonly definition: LineDefinition
      readonly state: Uint8Array | undefined
      readonly kept: ReadonlySet<number>
      readonly position: number
      readonly published: number
    }
  | {
      readonly do: 'fold'
      readonly line: LineNumber
      readonly chunk: PackedRecords
      readonly mayStore: boolean
    }
  | {
      readonly do: 'ask'
      readonly line: LineNumber
      readonly id: number
      readonly question: Question
    }
  | {
      readonly do: 'found'
      readonly line: LineNumber
      readonly id: number
      readonly found: PackedRecords | Uint8Array | undefined
      readonly problem: string
    }
  | { readonly do: 'close'; readonly line: LineNumber }

/** What is asked of a fold now and then, and answered between two chunks. */
export type Question =
  | {
      readonly of: 'trend'
      readonly cell: number
      readonly from_ms: number
      readonly points_max: number
    }
  | { readonly of: 'profiles'; readonly cell: number }
  | { readonly of: 'snapshot' }

/** What a fold reads again of its line's past. */
export type PastLook =
  | {
      readonly at: 'records'
      readonly from: number
      readonly limit: { readonly count_max: number; readonly bytes_max: number }
    }
  | { readonly at: 'checkpoint'; readonly number: number }

/** What a line can be once it is open. */
export interface Opened {
  readonly fields: readonly Quantity[]
  readonly channels: readonly Channel[]
  readonly shape: FrameShape
  readonly frames: SharedArrayBuffer
  readonly stands: SharedArrayBuffer
  readonly shown: Shown
}

/** What became of a chunk. */
export interface MadeMessage {
  readonly is: 'made'
  readonly line: LineNumber
  readonly position: number
  readonly ticks: number
  readonly events: readonly OutputEvent[]
  readonly state: Uint8Array | undefined
  readonly kept: Kept | undefined
  readonly due_bytes: number
  readonly arrived: boolean
  readonly shown: Shown
}

/** From a thread of folds to the I/O thread. */
export type FromFolds =
  /** Events of the chunk in the making; `made` gives only those that were not told. */
  | {
      readonly is: 'told'
      readonly line: LineNumber
      readonly events: readonly OutputEvent[]
      readonly position: number
    }
  | { readonly is: 'opened'; readonly line: LineNumber; readonly opened: Opened }
  | { readonly is: 'refused'; readonly line: LineNumber; readonly problem: string }
  | MadeMessage
  | { readonly is: 'failed'; readonly line: LineNumber; readonly problem: string }
  | {
      readonly is: 'answer'
      readonly line: LineNumber
      readonly id: number
      readonly answer: unknown
      readonly problem: string
      /** The line rewinds, and the same question may be answered soon. */
      readonly again: boolean
    }
  | {
      readonly is: 'look'
      readonly line: LineNumber
      readonly id: number
      readonly look: PastLook
    }
  | { readonly is: 'load'; readonly load: ThreadLoad }
  | { readonly is: 'said'; readonly text: string }
