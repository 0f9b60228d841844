import net from 'node:net'

/** A TCP relay that holds every byte for half a round trip, as a distant network does. */
export interface DelayProxy {
  readonly address: string
  close(): Promise<void>
}

/** Bytes under way in one direction; more waits in the socket, as in a network's own buffers. */
const UNDER_WAY_BYTES_MAX = 16 * 1024 * 1024

/** Listens on a free loopback port and adds `round_trip_ms` on the way to `target` and back. */
export async function startDelayProxy(target: string, round_trip_ms: number): Promise<DelayProxy> {
  const [host, port] = target.split(':')
  const sockets = new Set<net.Socket>()
  const server = net.createServer({ noDelay: true, allowHalfOpen: true }, near => {
    const far = net.connect({
      host: host!,
      port: Number(port),
      noDelay: true,
      allowHalfOpen: true,
    })
    for (const socket of [near, far]) {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', failed => {
        sockets.delete(socket)
        // After an orderly end the other side still has bytes under way.
        if (!failed) return
        near.destroy()
        far.destroy()
      })
    }
    delayed(near, far, round_trip_ms / 2)
    delayed(far, near, round_trip_ms / 2)
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => resolve())
  })
  const bound = server.address()
  return {
    address: `127.0.0.1:${typeof bound === 'object' && bound ? bound.port : 0}`,
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise(resolve => server.close(resolve))
    },
  }
}

/** Hands each chunk on so long after it came, in order; nothing is dropped. */
function delayed(from: net.Socket, to: net.Socket, delay_ms: number): void {
  const chunks: { readonly due_ms: number; readonly bytes: Buffer | undefined }[] = []
  let under_way = 0
  let timer: NodeJS.Timeout | undefined
  const release = () => {
    timer = undefined
    while (chunks.length > 0 && chunks[0]!.due_ms <= performance.now()) {
      const { bytes } = chunks.shift()!
      if (bytes === undefined) to.end()
      else {
        under_way -= bytes.length
        to.write(bytes)
      }
    }
    if (under_way < UNDER_WAY_BYTES_MAX) from.resume()
    if (chunks.length > 0) wait()
  }
  const wait = () => {
    timer ??= setTimeout(release, Math.max(0, chunks[0]!.due_ms - performance.now()))
  }
  const add = (bytes: Buffer | undefined) => {
    chunks.push({ due_ms: performance.now() + delay_ms, bytes })
    under_way += bytes?.length ?? 0
    if (under_way >= UNDER_WAY_BYTES_MAX) from.pause()
    wait()
  }
  from.on('data', add)
  from.on('end', () => add(undefined))
  to.on('close', () => clearTimeout(timer))
}
