import { describe, expect, it } from 'vitest'
import type { ServerMessage } from '#engine/outputs/websocket/protocol.ts'
import { connect } from './connection.ts'
import { fixtureAlarm, fixtureWelcome } from './fixture.ts'

/** A socket and timers that the test moves by hand. */
function surroundings() {
  const sockets: FakeSocket[] = []
  const timers = new Map<number, { run: () => void; delay_ms: number }>()
  let last = 0
  return {
    sockets,
    timers,
    /** Runs the timers that were set for at most this long. */
    run(delay_ms: number) {
      for (const [id, timer] of [...timers]) {
        if (timer.delay_ms > delay_ms) continue
        timers.delete(id)
        timer.run()
      }
    },
    given: {
      openSocket() {
        const socket = fakeSocket()
        sockets.push(socket)
        return socket as unknown as WebSocket
      },
      elapsed_ms: () => 0,
      setTimeout(run: () => void, delay_ms: number) {
        timers.set(++last, { run, delay_ms })
        return last
      },
      clearTimeout: (id: number) => void timers.delete(id),
    },
  }
}

interface FakeSocket {
  readyState: number
  readonly sent: string[]
  onopen: () => void
  onmessage: (event: { data: unknown }) => void
  onclose: (event: { reason: string }) => void
  send(text: string): void
  close(): void
}

function fakeSocket(): FakeSocket {
  const socket: FakeSocket = {
    readyState: 1,
    sent: [],
    onopen() {},
    onmessage() {},
    onclose() {},
    send: text => void socket.sent.push(text),
    close() {
      socket.readyState = 3
      socket.onclose({ reason: '' })
    },
  }
  return socket
}

const say = (socket: FakeSocket, message: ServerMessage) =>
  socket.onmessage({ data: JSON.stringify(message) })
const saidBy = (socket: FakeSocket) => socket.sent.map(text => JSON.parse(text) as unknown)

describe('connection', () => {
  it('subscribes to each line once, and resumes where it stopped after a drop', () => {
    const world = surroundings()
    const connection = connect(world.given)
    const [first] = world.sockets
    first!.onopen()
    say(first!, fixtureWelcome)
    say(first!, fixtureWelcome)
    expect(saidBy(first!)).toEqual([{ type: 'subscribe', line: 'line-1' }])
    const [alarms, advice] = [[fixtureAlarm()], []]
    const at = { line: 'line-1', epoch: 'epoch-1', offset: 12 }
    say(first!, { type: 'snapshot', ...at, alarms, advice })
    first!.close()
    expect(connection.state().connection).toBe('lost')
    expect(connection.state().alarms.size).toBe(1)
    world.run(500)
    const second = world.sockets[1]!
    second.onopen()
    say(second, fixtureWelcome)
    const resume = { epoch: 'epoch-1', offset: 12 }
    expect(saidBy(second)).toEqual([{ type: 'subscribe', line: 'line-1', resume }])
    expect(connection.state().connection).toBe('open')
  })

  it('waits longer after each failed attempt, up to a bound', () => {
    const world = surroundings()
    connect(world.given)
    const delays: number[] = []
    for (let attempt = 0; attempt < 7; attempt++) {
      world.sockets.at(-1)!.close()
      delays.push(Math.max(...[...world.timers.values()].map(timer => timer.delay_ms)))
      world.run(60_000)
    }
    expect(delays).toEqual([500, 1000, 2000, 4000, 8000, 8000, 8000])
  })

  it('gives up a socket that has fallen silent', () => {
    const world = surroundings()
    const connection = connect(world.given)
    world.sockets[0]!.onopen()
    world.run(30_000)
    expect(connection.state().connection).toBe('lost')
  })

  it('tells its listeners once for a burst of messages', () => {
    const world = surroundings()
    const connection = connect(world.given)
    let told = 0
    connection.subscribe(() => told++)
    world.sockets[0]!.onopen()
    say(world.sockets[0]!, fixtureWelcome)
    for (let offset = 1; offset <= 1000; offset++) {
      const body = fixtureAlarm({ id: `alarm-${offset}` })
      const event = { channel: 'alarm', id: body.id, body } as const
      say(world.sockets[0]!, { type: 'event', line: 'line-1', epoch: 'epoch-1', offset, event })
    }
    world.run(100)
    expect(told).toBe(1)
    expect(connection.state().alarms.size).toBe(1000)
  })

  it('ignores bytes that are not a telemetry frame', () => {
    const world = surroundings()
    const connection = connect(world.given)
    world.sockets[0]!.onopen()
    say(world.sockets[0]!, fixtureWelcome)
    const before = connection.state()
    world.sockets[0]!.onmessage({ data: new ArrayBuffer(7) })
    expect(connection.state()).toBe(before)
  })
})
