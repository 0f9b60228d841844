import { setTimeout as sleep } from 'node:timers/promises'
import { connectProducer, type Producer } from '../client/producer.ts'
import { systemClock } from '../core/clock.ts'
import { openRecording } from '../replay/open.ts'
import { sendRecording } from '../replay/send.ts'
import { type Command, counted, printJson, readInput, say, usage } from './command.ts'
import { verifyCommand } from './verify.ts'

const PROGRESS_EVERY_MS = 1000

export const replayCommand: Command = {
  summary: 'Stream recorded CSV files through the gRPC door of a running engine.',
  usage: 'FILE|DIR | --from-log --verify',
  details: `FILE is a CSV or CSV.gz with a time column; DIR holds such files, or is a potline
recording (cells.json, fast.csv, feed.csv ...). A line that the engine does not know is created
from the header. A replay that was interrupted goes on where the engine's log ends.
With --from-log --verify nothing is sent: the stored log of --line is run again from --data or
--config, and its result compared with what the engine committed, as \`liquidus verify\` does.`,
  options: {
    line: { type: 'string', value: 'NAME', help: 'line to write to (needed)' },
    grpc: { type: 'string', value: 'HOST:PORT', help: 'the engine (default 127.0.0.1:50051)' },
    speed: { type: 'string', value: '1|60|max', help: 'recorded seconds per second (default 1)' },
    ignore: { type: 'string', value: 'A,B', help: 'columns that are not sent' },
    units: { type: 'string', value: 'TAG=UNIT,...', help: 'units of columns (default "1")' },
    producer: { type: 'string', value: 'ID', help: 'producer id (default from the files)' },
    key: { type: 'string', value: 'KEY', help: 'API key, where the engine asks for one' },
    'tls-ca': { type: 'string', value: 'FILE', help: 'certificate authority, for TLS' },
    'from-log': { type: 'boolean', help: 'run the stored log again instead of files' },
    verify: { type: 'boolean', help: 'compare what comes of it; needed with --from-log' },
    data: { type: 'string', value: 'DIR', help: 'with --from-log: the embedded store' },
    config: { type: 'string', value: 'FILE', help: 'with --from-log: the configuration' },
    tenant: { type: 'string', value: 'NAME', help: 'with --from-log: tenant (default local)' },
    json: { type: 'boolean', help: 'print the summary as one JSON object' },
  },
  async run(options, positionals) {
    if (options['from-log'] === true || options.verify === true) {
      if (options['from-log'] !== true || options.verify !== true || positionals.length > 0) {
        throw usage('--from-log and --verify go together, and take no FILE')
      }
      return verifyCommand.run(options, positionals)
    }
    const at = positionals[0]
    if (at === undefined || positionals.length > 1) throw usage('name one FILE or DIR to replay')
    const line = options.line as string | undefined
    if (line === undefined) throw usage('name the line with --line NAME')
    const speed = speedOf((options.speed as string | undefined) ?? '1')
    const ignore = listOf(options.ignore)
    const units = pairsOf(options.units)
    const recording = await openRecording(at, { line, tenant: 'local', ignore, units })
    const { source } = recording
    const sent = source.definition.tags.map(({ tag }) => tag)
    checkColumns('--units', [...units.keys()], sent, [])
    checkColumns('--ignore', ignore, sent, source.notes)
    for (const note of source.notes) say(`note: ${note}`)
    const address = (options.grpc as string | undefined) ?? '127.0.0.1:50051'
    const producer = await connectProducer({
      address,
      line,
      producer:
        (options.producer as string | undefined) ??
        `replay-${recording.fingerprint}-${Number.isFinite(speed) ? speed : 'max'}`,
      proposal: source.definition,
      clock: systemClock,
      ...(options.key === undefined ? {} : { apiKey: options.key as string }),
      ...(options['tls-ca'] === undefined
        ? {}
        : { tls_ca: readInput(options['tls-ca'] as string) }),
    })
    const stop = new AbortController()
    process.once('SIGINT', () => stop.abort())
    process.once('SIGTERM', () => stop.abort())
    const created = producer.welcome.line_created
    say(
      `${created ? 'created' : 'writing to'} line "${line}" (${source.definition.kind}, ` +
        `${counted(source.definition.cells.length, 'cell')}, ` +
        `${counted(source.definition.tags.length, 'tag')}) at ${address}`,
    )
    const report = progressReporter(producer, source.readings_estimate)
    const done = await sendRecording(source, producer, {
      speed,
      clock: systemClock,
      sleep: duration_ms => sleep(duration_ms, undefined, { signal: stop.signal }).catch(() => {}),
      onProgress: report,
      signal: stop.signal,
    }).finally(() => producer.close())
    const summary = {
      line,
      line_created: created,
      files: recording.files.length,
      sent: done.sent,
      acknowledged: producer.counts.acknowledged_readings,
      rejected: producer.counts.rejected_readings,
      reasons: producer.counts.reasons,
      late: producer.counts.late_readings,
      already_in_log: done.skipped,
      reconnects: producer.counts.reconnects,
      not_sent: source.notes,
    }
    if (options.json) printJson(summary)
    else say(textOf(summary))
    return stop.signal.aborted ? 130 : 0
  },
}

function speedOf(text: string): number {
  if (text === 'max') return Number.POSITIVE_INFINITY
  const speed = Number(text)
  if (!(speed > 0))
    throw usage(`--speed takes 1, 60, another number above 0, or max; not "${text}"`)
  return speed
}

function listOf(value: unknown): string[] {
  return typeof value === 'string' && value !== '' ? value.split(',').map(part => part.trim()) : []
}

function pairsOf(value: unknown): Map<string, string> {
  return new Map(
    listOf(value).map(part => {
      const at = part.lastIndexOf('=')
      if (at < 1) throw usage(`--units takes TAG=UNIT pairs, not "${part}"`)
      return [part.slice(0, at), part.slice(at + 1)]
    }),
  )
}

/** A name that no column has is a slip of the pen: its column would go out in the wrong unit. */
export function checkColumns(
  flag: string,
  names: readonly string[],
  sent: readonly string[],
  notes: readonly string[],
): void {
  const has = (name: string) =>
    sent.some(tag => tag.toLowerCase() === name.toLowerCase()) ||
    notes.some(note => note.toLowerCase().includes(`"${name.toLowerCase()}"`))
  const unknown = names.find(name => !has(name))
  if (unknown === undefined) return
  throw usage(
    `${flag} names "${unknown}", which is no column that is sent; those are ${sent.join(', ')}`,
  )
}

function progressReporter(producer: Producer, estimate: number) {
  let last_ms = systemClock.elapsed_ms()
  let last = 0
  return (progress: { sent: number; skipped: number; due_ms: number }): void => {
    const now_ms = systemClock.elapsed_ms()
    if (now_ms - last_ms < PROGRESS_EVERY_MS) return
    const rate = ((progress.sent - last) / (now_ms - last_ms)) * 1000
    last_ms = now_ms
    last = progress.sent
    const behind = progress.sent - producer.counts.acknowledged_readings
    const share =
      estimate > 0 ? Math.min(99, (100 * (progress.sent + progress.skipped)) / estimate) : 0
    say(
      `${share.toFixed(0).padStart(3)} %  ${progress.sent} sent, ${behind} not yet acknowledged, ` +
        `${rate.toFixed(0)} readings/s, at ${new Date(progress.due_ms).toISOString()}`,
    )
  }
}

function textOf(summary: {
  readonly sent: number
  readonly acknowledged: number
  readonly rejected: number
  readonly reasons: Readonly<Record<string, number>>
  readonly late: number
  readonly already_in_log: number
}): string {
  const reasons = Object.entries(summary.reasons).map(([reason, count]) => `${reason} ${count}`)
  return [
    `sent          ${summary.sent}`,
    `acknowledged  ${summary.acknowledged}`,
    `rejected      ${summary.rejected}${reasons.length > 0 ? ` (${reasons.join(', ')})` : ''}`,
    `late          ${summary.late} (kept in the log, not in the live state)`,
    ...(summary.already_in_log > 0
      ? [`skipped       ${summary.already_in_log} (already in the log from an earlier run)`]
      : []),
  ].join('\n')
}
