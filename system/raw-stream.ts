import type { EngineAddress } from '#engine/client/connection.ts'
import { openConnection, whole } from '#engine/client/connection.ts'
import { encodeBatchRequest, encodeColumns, encodeSeries } from '#engine/client/encode-batch.ts'
import { encodeHello } from '#engine/client/link.ts'
import type { liquidus } from '#proto/gen/ingest.js'

/** How a stream ended. */
export interface StreamEnd {
  readonly code: number
  readonly details: string
  readonly trailers: Readonly<Record<string, string>>
}

type Connection = ReturnType<typeof openConnection>
type Heard = liquidus.ingest.v1.StreamReadingsResponse
/** A reading: ref, time, value. */
export type Row = readonly [ref: number, time_ms: number, value: number]
export type Series = NonNullable<Parameters<typeof encodeSeries>[0]>

/** Columns of readings as a client sends them. */
export function columnsOf(rows: readonly Row[]) {
  return {
    count: rows.length,
    refs: Uint32Array.from(rows, row => row[0]),
    times_ms: Float64Array.from(rows, row => row[1]),
    values: Float64Array.from(rows, row => row[2]),
  }
}

/** A stream to the gRPC door that sends any bytes and remembers what it hears. */
export class RawStream {
  readonly heard: Heard[] = []
  readonly end: Promise<StreamEnd>
  readonly #to: EngineAddress
  readonly #call: ReturnType<Connection['stream']>
  #wake: () => void = () => {}
  #ended = false

  constructor(to: EngineAddress) {
    this.#to = to
    const connection = openConnection(to)
    this.#call = connection.stream()
    this.#call.on('data', (message: Heard) => {
      this.heard.push(message)
      this.#wake()
    })
    this.#call.on('error', () => {})
    this.end = new Promise(resolve =>
      this.#call.on('status', status => {
        this.#ended = true
        connection.close()
        this.#wake()
        const trailers = Object.entries(status.metadata.getMap()).map(([key, value]) => [
          key,
          String(value),
        ])
        resolve({ ...status, trailers: Object.fromEntries(trailers) })
      }),
    )
  }

  send(bytes: Uint8Array): this {
    this.#call.write(Buffer.from(bytes))
    return this
  }

  hello(): this {
    return this.send(encodeHello(this.#to, 0))
  }

  batch(sequence: number, rows: readonly Row[], series: Series = []): this {
    const columns = encodeColumns(columnsOf(rows), { first: 0, count: rows.length })
    return this.send(encodeBatchRequest(sequence, encodeSeries(series), columns))
  }

  /** Waits until the batch is acknowledged; throws when the stream ends before. */
  async committed(sequence: number): Promise<void> {
    const reached = () => this.heard.some(one => whole(one.ack?.committedSequence) >= sequence)
    await this.#until(reached)
  }

  async welcomed(): Promise<void> {
    await this.#until(() => this.heard.some(one => one.welcome))
  }

  async #until(satisfied: () => boolean): Promise<void> {
    while (!satisfied()) {
      if (this.#ended) throw new Error(`the stream ended: ${(await this.end).details}`)
      await new Promise<void>(resolve => {
        this.#wake = resolve
      })
    }
  }

  close(): void {
    this.#call.end()
  }
}
