/** Number of hash slots of every cluster. */
export const SLOTS = 16_384

const POLYNOMIAL = 0x1021

/** The hash slot of a key: of the part in its first braces, where it has one. */
export function slotOf(key: string): number {
  const open = key.indexOf('{')
  const close = open < 0 ? -1 : key.indexOf('}', open + 1)
  return crc16(Buffer.from(close > open + 1 ? key.slice(open + 1, close) : key)) % SLOTS
}

/** CRC-16/XMODEM, as the cluster's specification says. */
function crc16(bytes: Uint8Array): number {
  let crc = 0
  for (const byte of bytes) {
    crc ^= byte << 8
    for (let bit = 0; bit < 8; bit++) {
      crc = (crc & 0x8000) === 0 ? crc << 1 : (crc << 1) ^ POLYNOMIAL
    }
    crc &= 0xffff
  }
  return crc
}

/** Slots that one server answers for. */
export interface SlotRange {
  readonly first: number
  readonly last: number
  /** host:port */
  readonly address: string
}

/** Reads the reply to CLUSTER SLOTS that `asked` gave; a server may not know its own name. */
export function slotRanges(reply: unknown, asked: string): readonly SlotRange[] {
  const rows = reply as readonly [number, number, [Buffer | null, number, ...unknown[]]][]
  return rows.map(([first, last, [host, port]]) => {
    const name = host === null || host.length === 0 ? hostOf(asked) : String(host)
    return { first, last, address: `${name.includes(':') ? `[${name}]` : name}:${port}` }
  })
}

const hostOf = (address: string): string =>
  address.slice(0, address.lastIndexOf(':')).replace(/^\[|\]$/g, '')

/**
 * Addresses of `redis_url`: one, or several that are joined by commas. One without a scheme takes
 * that of the first, its user and its password.
 */
export function seedsOf(url: string): readonly [string, ...string[]] {
  const [first = '', ...others] = url.split(',').map(one => one.trim())
  const isWhole = (one: string) => one.includes('://') || one.startsWith('/')
  const seed = isWhole(first) ? first : `redis://${first}`
  const named = others.filter(one => one !== '')
  return [seed, ...named.map(one => (isWhole(one) ? one : urlOf(seed, one)))]
}

/** The URL of another server of a cluster, with the seed's scheme, user and password. */
export function urlOf(seed: string, address: string): string {
  const url = new URL(seed)
  url.host = address
  url.pathname = ''
  return url.href
}

/** host:port of a URL; of a socket its path. */
export function addressOf(url: string): string {
  if (url.startsWith('/')) return url
  try {
    const { hostname, port } = new URL(url)
    return `${hostname}:${port === '' ? 6379 : port}`
  } catch {
    return 'the server'
  }
}
