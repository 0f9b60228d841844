import type { EngineBody, StoreSize } from './engine-api.ts'
import { formatBytes, formatCount, formatMs } from './engine-format.ts'
import { formatNumber, NOTHING, sentence } from './format.ts'
import { GaugeBar } from './gauge-bar.tsx'
import { sizeRows } from './store-size.ts'

/** Lag at which credit is at its least. */
const LAG_FULL_MS = 1000

/** How late each thread is, and its memory. */
export function ThreadTable({ threads }: Pick<EngineBody, 'threads'>) {
  return (
    <section className="panel" aria-label="Threads">
      <div className="panel-head">
        <h2>Threads</h2>
        <span className="soft">lag of the event loop in the last second</span>
      </div>
      <table className="strip engine-table">
        <thead>
          <tr>
            <th scope="col">Thread</th>
            <th scope="col" className="number">
              Lag p50
            </th>
            <th scope="col">Lag p99</th>
            <th scope="col" className="number">
              Heap
            </th>
            <th scope="col" className="number">
              Garbage collected
            </th>
          </tr>
        </thead>
        <tbody>
          {threads.map(thread => (
            <tr key={thread.name}>
              <th scope="row">{thread.name}</th>
              <td className="number">{formatMs(thread.event_loop_lag_ms_p50)}</td>
              <td>
                <GaugeBar value={thread.event_loop_lag_ms_p99} limit={LAG_FULL_MS} />{' '}
                {formatMs(thread.event_loop_lag_ms_p99)}
              </td>
              <td className="number">{formatBytes(thread.heap_used_bytes)}</td>
              <td className="number">
                {formatNumber(thread.gc_pause_s, 1)} s, {thread.gc_count} times
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}

/** How fast the store answers, and how large it is. */
export function StoreTable({ store }: Pick<EngineBody, 'store'>) {
  return (
    <section className="panel" aria-label="Store">
      <div className="panel-head">
        <h2>Store</h2>
        <span className="soft">{store.name}</span>
      </div>
      <table className="strip engine-table">
        <thead>
          <tr>
            {['', 'Per s', 'Bytes/s', 'p50', 'p99', 'Failed'].map((text, i) => (
              <th key={text} scope="col" className={i > 0 ? 'number' : ''}>
                {text === '' ? 'Call' : text}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {store.operations.map(one => (
            <tr key={one.name}>
              <th scope="row">{sentence(one.name)}</th>
              <td className="number">{formatCount(one.per_s)}</td>
              <td className="number">{formatBytes(one.bytes_per_s)}</td>
              <td className="number">{formatMs(one.p50_ms)}</td>
              <td className="number">{formatMs(one.p99_ms)}</td>
              <td className="number">{one.failed}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {store.size && <StoreSizeTable size={store.size} />}
    </section>
  )
}

function StoreSizeTable({ size }: { size: StoreSize }) {
  return (
    <table className="strip engine-table" aria-label="Size of the store">
      <tbody>
        {sizeRows(size).map(({ text, value, limit, said, note }) => (
          <tr key={text}>
            <th scope="row">{text}</th>
            <td>
              {limit !== undefined && <GaugeBar value={value} limit={limit} />} {said}
            </td>
            <td className="soft">{note}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

/** Who is connected, against what may be. */
export function ClientTable({ body }: { body: EngineBody }) {
  const { websocket: ws, opcua, tenant } = body
  const rows: (readonly [string, number, number | undefined, string])[] = []
  if (tenant) {
    const held = tenant.paced_s > 0 ? `held back for ${formatNumber(tenant.paced_s, 0)} s` : ''
    const refused = tenant.refused > 0 ? `${tenant.refused} refused` : ''
    const said = [`${formatBytes(tenant.bytes_per_s)}/s`, held, refused]
    rows.push(['gRPC streams', tenant.streams, tenant.streams_max, joined(said)])
  }
  if (ws) {
    const said = [
      `${formatBytes(ws.buffered_bytes)} waiting`,
      `${ws.conflated_frames} older frames skipped`,
      ws.closed_slow > 0 ? `${ws.closed_slow} closed as too slow` : '',
    ]
    rows.push(['Pages', ws.clients, ws.clients_max, joined(said)])
  }
  if (opcua) {
    rows.push([
      'OPC UA sessions',
      opcua.sessions,
      undefined,
      `${opcua.subscriptions} subscriptions, ${opcua.waiting} waiting`,
    ])
    rows.push(['OPC UA nodes', opcua.nodes, opcua.nodes_max, ''])
  }
  return (
    <section className="panel" aria-label="Clients">
      <div className="panel-head">
        <h2>Clients</h2>
        {!opcua && <span className="soft">OPC UA is off or starting</span>}
      </div>
      <table className="strip engine-table">
        <tbody>
          {rows.map(([text, count, limit, said]) => (
            <tr key={text}>
              <th scope="row">{text}</th>
              <td>
                {limit !== undefined && <GaugeBar value={count} limit={limit} />} {count}{' '}
                <span className="soft">{limit === undefined ? '' : `of ${limit}`}</span>
              </td>
              <td>{said === '' ? NOTHING : said}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}

const joined = (parts: readonly string[]): string => parts.filter(part => part !== '').join(', ')
