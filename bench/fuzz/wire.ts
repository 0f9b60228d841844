import { type Random, seededRandom } from '#engine/core/random.ts'
import { type CallEnd, caller, frame } from './grpc-call.ts'
import { fuzzedStream, fuzzedWrite, PRODUCERS_MAX } from './messages.ts'
import { noise, oneOf } from './mutate.ts'
import { rawInput, sendRaw } from './raw-http2.ts'
import { rejectionsIn } from './read-answer.ts'
import { type Tally, tally } from './tally.ts'

const AT_ONCE = 48
/** Shares of the inputs; the rest are single calls. */
const STREAMS = 0.06
const RAW = 0.03
const FRAMES = 0.02
const WRITE_ACK = 1
const STREAM_ACK = 2
const CODES = [
  ...['OK', 'CANCELLED', 'UNKNOWN', 'INVALID_ARGUMENT', 'DEADLINE_EXCEEDED', 'NOT_FOUND'],
  ...['ALREADY_EXISTS', 'PERMISSION_DENIED', 'RESOURCE_EXHAUSTED', 'FAILED_PRECONDITION'],
  ...['ABORTED', 'OUT_OF_RANGE', 'UNIMPLEMENTED', 'INTERNAL', 'UNAVAILABLE', 'DATA_LOSS'],
]
const OK = 0

/** What the wire campaign needs of its surroundings. */
export interface WireOptions {
  readonly port: number
  readonly seed: number
  readonly inputs: number
  /** False once the engine is gone: then the rest is not sent. */
  alive(): boolean
  onProgress(done: number): void
}

/** Sends inputs over real sockets, many at once, and counts how the engine answers each. */
export async function fuzzWire(options: WireOptions): Promise<Tally> {
  const counted = tally()
  const calls = caller(options.port)
  const random = seededRandom(options.seed).fork('wire')
  let sent = 0
  const lane = async (place: number): Promise<void> => {
    while (sent < options.inputs && options.alive()) {
      const input = sent++
      if (input % 1000 === 0) options.onProgress(input)
      const own = random.fork(String(input))
      await oneInput(own, input, place)
    }
  }
  const oneInput = async (own: Random, input: number, place: number): Promise<void> => {
    const chance = own.uniform()
    const now_ms = Date.now()
    if (chance < RAW) {
      const how = await sendRaw(options.port, rawInput(own))
      if (how === undefined) counted.accept()
      else counted.reject(`HTTP/2: ${how}`)
    } else if (chance < RAW + FRAMES) {
      const end = await calls.call('WriteReadings', [oddFrame(own, fuzzedWrite(own, now_ms))])
      judge(counted, end, input, WRITE_ACK)
    } else if (chance < RAW + FRAMES + STREAMS) {
      const messages = fuzzedStream(own, now_ms, `stream-${place % PRODUCERS_MAX}`)
      const end = await calls.call(
        'StreamReadings',
        messages.map(one => frame(one)),
      )
      judge(counted, end, input, STREAM_ACK)
    } else {
      const end = await calls.call('WriteReadings', [frame(fuzzedWrite(own, now_ms))])
      judge(counted, end, input, WRITE_ACK)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, (_, place) => lane(place)))
  calls.close()
  return counted
}

/** A gRPC frame whose head does not tell the truth. */
function oddFrame(random: Random, body: Buffer): Buffer {
  switch (random.integer(5)) {
    case 0:
      return frame(body, 1)
    case 1:
      return frame(body, 0, oneOf(random, [0, 1, body.length + 1, 2 ** 24, 2 ** 31, 2 ** 32 - 1]))
    case 2:
      return Buffer.concat([frame(body), frame(body)])
    case 3:
      return Buffer.concat([frame(body), noise(random, 1 + random.integer(8))])
    default:
      return frame(body, 2 + random.integer(254))
  }
}

function judge(counted: Tally, end: CallEnd, input: number, ackField: number): void {
  if (end.timed_out) {
    counted.violate(`input ${input}: no answer`)
    return
  }
  if (end.code !== OK) {
    const code = CODES[end.code] ?? (end.http === 200 || end.http === 0 ? '' : `HTTP ${end.http}`)
    const told = end.details === '' ? '' : `${code || 'CONNECTION'}: ${end.details}`
    if (/the engine failed|is a bug/.test(end.details)) {
      counted.violate(`input ${input}: ${told}`)
    }
    counted.reject(told || (code.startsWith('HTTP') ? code : ''))
    return
  }
  const rejections = end.answers.flatMap(answer => rejectionsIn(answer, ackField))
  if (rejections.length === 0) {
    counted.accept()
    return
  }
  const without = rejections.find(one => one.detail === '' || one.reason === 'UNSPECIFIED')
  const first = without ?? rejections[0]!
  counted.reject(without ? '' : `${first.reason}: ${first.detail}`)
}
