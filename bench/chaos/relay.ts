import net from 'node:net'

/** A TCP relay on a port that stays, whatever comes and goes behind it. */
export interface Relay {
  readonly address: string
  /** Where new connections go; undefined: they are refused. */
  to(port: number | undefined): void
  /** Resets every connection, in the middle of whatever it carries. */
  cut(): number
  close(): Promise<void>
}

/** Listens on a free loopback port. */
export async function startRelay(): Promise<Relay> {
  let target: number | undefined
  const pairs = new Set<readonly [net.Socket, net.Socket]>()
  const server = net.createServer(near => {
    if (target === undefined) {
      near.resetAndDestroy()
      return
    }
    const far = net.connect(target, '127.0.0.1')
    const pair = [near, far] as const
    pairs.add(pair)
    for (const socket of pair) {
      socket.setNoDelay(true)
      socket.on('error', () => {})
      socket.on('close', () => {
        pairs.delete(pair)
        near.destroy()
        far.destroy()
      })
    }
    near.pipe(far)
    far.pipe(near)
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => resolve())
  })
  const bound = server.address()
  const port = typeof bound === 'object' && bound ? bound.port : 0
  const cut = (): number => {
    const count = pairs.size
    for (const [near, far] of [...pairs]) {
      near.resetAndDestroy()
      far.resetAndDestroy()
    }
    return count
  }
  return {
    address: `127.0.0.1:${port}`,
    to(next) {
      target = next
    },
    cut,
    async close() {
      cut()
      await new Promise(resolve => server.close(resolve))
    },
  }
}
