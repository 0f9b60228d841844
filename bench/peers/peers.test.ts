import net from 'node:net'
import { describe, expect, it } from 'vitest'
import { type PeerResult, peersTable, ratiosOf } from './measure.ts'
import { connectMqtt, packetOf } from './mqtt.ts'
import { BATCH_READINGS, batchesOf, stamped, templateOf, timeOf_ms } from './readings.ts'

const [batch] = batchesOf(1)
const TIME_MS = 1_700_000_000_123

describe('the readings as each peer takes them', () => {
  it('are the same thousand values in every form, at the same time', () => {
    const values = [...batch!.values]
    const text = (form: 'influx-fields' | 'influx-lines' | 'json-batch') =>
      stamped(templateOf(form, batch!), TIME_MS).toString()
    const json = JSON.parse(text('json-batch'))
    expect(json.time_ms).toBe(TIME_MS)
    expect(json.readings.map((one: { value: number }) => one.value)).toEqual(values)
    const lines = text('influx-lines').split('\n')
    expect(lines).toHaveLength(BATCH_READINGS)
    expect(lines.map(line => Number(/value=(\S+)/.exec(line)![1]))).toEqual(values)
    const fields = text('influx-fields').split('\n')
    expect(fields).toHaveLength(BATCH_READINGS / 10)
    const inFields = fields.flatMap(line => [...line.matchAll(/tag_\d\d=([^, ]+)/g)])
    expect(inFields.map(match => Number(match[1]))).toEqual(values)
    for (const line of [...lines, ...fields]) expect(line.endsWith(` ${TIME_MS}`)).toBe(true)
    expect(JSON.parse(stamped(templateOf('json-single', batch!), TIME_MS).toString())).toEqual({
      ...{ time_ms: TIME_MS, asset: 'unit-0001', tag: 'tag_01', value: values[0] },
    })
  })

  it('move on by a second with each sweep of the assets', () => {
    expect([0, 9, 10, 25].map(n => timeOf_ms(5000, n))).toEqual([5000, 5000, 6000, 7000])
  })
})

it('sets our rate and processor time beside each peer, and nothing beside an absent one', () => {
  const result = (peer: string, readings_per_s: number, cpu: number): PeerResult => ({
    ...{ peer, readings_per_s, ack_ms_p50: 1, ack_ms_p99: 10, cpu_s_per_million: cpu },
    ...{ readings_per_cpu_s: 1e6 / cpu, server_cpu_cores: 1, client_cpu_cores: 1 },
  })
  const peers = [result('liquidus', 1000, 0.5), result('other', 250, 2)]
  expect(ratiosOf(peers, ['gone'])).toEqual([
    { peer: 'other', rate: 4, p99: 1, cpu: 4 },
    { peer: 'gone', rate: null, p99: null, cpu: null },
  ])
  const table = peersTable({ peers, absent: ['gone'], ratios: ratiosOf(peers, []), problems: [] })
  expect(table).toContain('not installed')
})

describe('the MQTT client', () => {
  it('writes the remaining length in steps of seven bits', () => {
    expect([...packetOf(0x30, [Buffer.alloc(321)]).subarray(0, 3)]).toEqual([0x30, 0xc1, 0x02])
  })

  it('resolves a publication when the broker acknowledges it, also in torn packets', async () => {
    const broker = net.createServer(socket => {
      socket.once('data', () => {
        socket.write(Buffer.from([0x20, 2, 0, 0]))
        socket.once('data', () => {
          // A message of a topic nobody waits for, then the acknowledgement, cut in two.
          socket.write(Buffer.from([0x30, 3, 0, 1, 97, 0x40]))
          setTimeout(() => socket.write(Buffer.from([2, 0, 1])), 5)
        })
      })
      socket.on('end', () => socket.end())
    })
    await new Promise<void>(resolve => broker.listen(0, '127.0.0.1', () => resolve()))
    const { port } = broker.address() as net.AddressInfo
    const client = await connectMqtt('127.0.0.1', port, 'test')
    await client.publish('readings', Buffer.from('x'))
    expect(client.received()).toBe(1)
    await client.close()
    await new Promise(resolve => broker.close(resolve))
  })
})
