import net, { type AddressInfo } from 'node:net'

/** A way to a server that can hold up what a client sends, even when the client is gone. */
export interface Delay {
  readonly url: string
  /** Resolves once something is held up. */
  readonly holds: Promise<void>
  /** From the first piece with this word on, everything is held up. */
  hold(word: string): void
  release(): void
  close(): Promise<void>
}

/** Listens on a free loopback port. */
export async function startDelay(url: string): Promise<Delay> {
  const target = new URL(url)
  const held: (() => void)[] = []
  let word: string | undefined
  let told = () => {}
  const holds = new Promise<void>(resolve => {
    told = resolve
  })
  const sockets = new Set<net.Socket>()
  const server = net.createServer(near => {
    const far = net.connect(Number(target.port), target.hostname)
    for (const socket of [near, far]) {
      sockets.add(socket)
      socket.on('error', () => {})
    }
    far.pipe(near)
    near.on('data', chunk => {
      if (held.length === 0 && (word === undefined || !chunk.includes(word))) far.write(chunk)
      else {
        held.push(() => far.write(chunk))
        told()
      }
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}`,
    holds,
    hold(next) {
      word = next
    },
    release() {
      word = undefined
      for (const send of held.splice(0)) send()
    },
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise(resolve => server.close(resolve))
    },
  }
}
