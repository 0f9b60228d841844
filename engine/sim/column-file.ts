import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import type { Writable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { LiquidusError, problemOf } from '../core/errors.ts'

/** A CSV file that is written line by line; `.gz` in the name compresses it. */
export interface ColumnFile {
  /** Takes a line without its end; resolves at once unless the disk is behind. */
  write(line: string): void
  /** Resolves when the disk has caught up; call now and then. */
  settle(): Promise<void>
  close(): Promise<void>
}

/** Text collected before it goes to the stream. */
const CHUNK_CHARS = 1 << 16

/** Opens the file and writes the header line. */
export function columnFile(path: string, header: string): ColumnFile {
  const file = createWriteStream(path)
  const failed = new Promise<never>((_, reject) => {
    file.once('error', error => {
      reject(new LiquidusError('FILE_UNWRITABLE', { path, problem: problemOf(error) }))
    })
  })
  failed.catch(() => {})
  const gzip = path.endsWith('.gz') ? createGzip() : undefined
  gzip?.pipe(file)
  const head: Writable = gzip ?? file
  let text = `${header}\n`
  const flush = () => {
    if (text !== '') head.write(text)
    text = ''
  }
  return {
    write(line) {
      text += `${line}\n`
      if (text.length >= CHUNK_CHARS) flush()
    },
    async settle() {
      if (head.writableNeedDrain) await Promise.race([once(head, 'drain'), failed])
    },
    async close() {
      flush()
      head.end()
      await Promise.race([finished(file), failed])
    },
  }
}
