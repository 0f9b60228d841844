import { setTimeout as sleep } from 'node:timers/promises'
import { scratch } from '../engine-process.ts'
import { closeOnInterrupt } from '../interrupt.ts'
import { processUsage } from '../process-usage.ts'
import type { ClientOrders, ClientReport } from './client.ts'
import type { ServicePath } from './fastify-service.ts'
import type { Form } from './readings.ts'
import {
  type PeerServer,
  startFastify,
  startInflux,
  startLiquidus,
  startMosquitto,
  startNodeRed,
} from './servers.ts'
import { spawnClient } from './spawn.ts'

/** What one peer did with the readings. */
export interface PeerResult {
  readonly peer: string
  readonly readings_per_s: number
  readonly ack_ms_p50: number | null
  readonly ack_ms_p99: number | null
  /** Of the server's process, all of it, until the readings were worked through. */
  readonly cpu_s_per_million: number
  readonly readings_per_cpu_s: number
  readonly server_cpu_cores: number
  readonly client_cpu_cores: number
}

/** What `bench peers` measured. */
export interface PeersResult {
  readonly peers: readonly PeerResult[]
  /** Peers that are not installed. */
  readonly absent: readonly string[]
  /** Our readings per processor second over the peer's, and so on; null where it is absent. */
  readonly ratios: readonly PeerRatio[]
  readonly problems: readonly string[]
}

/** How Liquidus compares; above 1 is better for rate and processor, below 1 for p99. */
export interface PeerRatio {
  readonly peer: string
  readonly rate: number | null
  readonly p99: number | null
  readonly cpu: number | null
}

interface Trial {
  readonly peer: string
  readonly form: Form
  readonly in_flight: number
  readonly path?: ServicePath
}
interface Contender {
  readonly start: (folder: string, say: (text: string) => void) => Promise<PeerServer | undefined>
  readonly trials: readonly Trial[]
}

export const OURS = 'liquidus'
const BATCHES = 8
const SINGLES = 64

const CONTENDERS: readonly Contender[] = [
  { start: startLiquidus, trials: [{ peer: OURS, form: 'columns', in_flight: BATCHES }] },
  {
    start: startInflux,
    trials: [
      { peer: 'influxdb, ten fields a line', form: 'influx-fields', in_flight: BATCHES },
      { peer: 'influxdb, one field a line', form: 'influx-lines', in_flight: BATCHES },
    ],
  },
  {
    start: startFastify,
    trials: [
      { peer: 'fastify, batches', form: 'json-batch', in_flight: BATCHES, path: '/batch' },
      { peer: 'fastify, single', form: 'json-single', in_flight: SINGLES, path: '/single' },
    ],
  },
  {
    start: startMosquitto,
    trials: [
      { peer: 'mosquitto, batches', form: 'json-batch', in_flight: BATCHES },
      { peer: 'mosquitto, single', form: 'json-single', in_flight: SINGLES },
    ],
  },
  {
    start: startNodeRed,
    trials: [{ peer: 'node-red, single', form: 'json-single', in_flight: SINGLES }],
  },
]

/** Sends the same readings to one peer after the other from one client process. */
export async function measurePeers(
  plan: { readonly seconds_s: number; readonly seed: number },
  say: (text: string) => void,
): Promise<PeersResult> {
  const files = scratch('peers')
  const client = spawnClient()
  let running: PeerServer | undefined
  const off = closeOnInterrupt(async () => {
    client.close()
    await running?.stop()
    files.clean()
  })
  const peers: PeerResult[] = []
  const absent: string[] = []
  const problems: string[] = []
  try {
    for (const { start, trials } of CONTENDERS) {
      const server = await start(files.path, say)
      if (!server) {
        absent.push(...trials.map(trial => trial.peer))
        continue
      }
      running = server
      try {
        for (const trial of trials) {
          say(`${trial.peer} ...`)
          const found = await tryPeer(server, trial, plan, client.ask)
          if (typeof found === 'string') problems.push(`${trial.peer}: ${found}`)
          else peers.push(found)
        }
      } finally {
        running = undefined
        await server.stop()
      }
    }
  } finally {
    off()
    client.close()
    files.clean()
  }
  return { peers, absent, ratios: ratiosOf(peers, absent), problems }
}

async function tryPeer(
  server: PeerServer,
  trial: Trial,
  plan: { readonly seconds_s: number; readonly seed: number },
  ask: (orders: ClientOrders) => Promise<ClientReport>,
): Promise<PeerResult | string> {
  const { form, in_flight, peer } = trial
  const orders = { form, in_flight, address: server.address + (trial.path ?? ''), seed: plan.seed }
  // Compiled, connected and its series known before it counts.
  const warm = await ask({ ...orders, seconds_s: Math.min(3, plan.seconds_s) })
  if (warm.problem !== undefined) return warm.problem
  await server.settle()
  const usage = processUsage(server.pid)
  usage.begin()
  const report = await ask({ ...orders, seconds_s: plan.seconds_s })
  if (report.problem !== undefined) return report.problem
  await server.settle()
  const used = usage.end()
  await sleep(200)
  const cpu_s = used.cpu_s ?? Number.NaN
  return {
    peer,
    readings_per_s: Math.round(report.readings / report.seconds_s),
    ack_ms_p50: report.ack_ms_p50,
    ack_ms_p99: report.ack_ms_p99,
    cpu_s_per_million: rounded((1e6 * cpu_s) / report.readings),
    readings_per_cpu_s: Math.round(report.readings / cpu_s),
    server_cpu_cores: rounded(cpu_s / report.seconds_s),
    client_cpu_cores: rounded(report.client_cpu_s / report.seconds_s),
  }
}

/** Ours over each peer's. */
export function ratiosOf(
  peers: readonly PeerResult[],
  absent: readonly string[],
): readonly PeerRatio[] {
  const ours = peers.find(one => one.peer === OURS)
  const others = peers.filter(one => one.peer !== OURS)
  if (!ours) return []
  return [
    ...others.map(one => ({
      peer: one.peer,
      rate: rounded(ours.readings_per_s / one.readings_per_s),
      p99: ratio(ours.ack_ms_p99, one.ack_ms_p99),
      cpu: rounded(one.cpu_s_per_million / ours.cpu_s_per_million),
    })),
    ...absent.map(peer => ({ peer, rate: null, p99: null, cpu: null })),
  ]
}

const ratio = (ours: number | null, theirs: number | null) =>
  ours === null || theirs === null ? null : rounded(ours / theirs)
const rounded = (value: number) => Number(value.toPrecision(3))

/** A table for people. */
export function peersTable({ peers, ratios, absent }: PeersResult): string {
  const cell = (value: unknown, width: number) => String(value ?? '-').padStart(width)
  const heads = ['readings/s', 'p99 ms', 'CPU s/M', 'rate x', 'p99 x', 'CPU x']
  const rows = peers.map(one => {
    const by = ratios.find(({ peer }) => peer === one.peer)
    const numbers = [one.readings_per_s, one.ack_ms_p99?.toFixed(1), one.cpu_s_per_million]
    const all = [...numbers, by?.rate, by?.p99, by?.cpu]
    return one.peer.padEnd(28) + all.map(value => cell(value, 11)).join('')
  })
  return [
    ''.padEnd(28) + heads.map(head => cell(head, 11)).join(''),
    ...rows,
    ...absent.map(peer => `${peer.padEnd(28)} not installed`),
  ].join('\n')
}
