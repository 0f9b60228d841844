import { benchScore } from '#bench/score.ts'
import { benchDay } from './bench-day.ts'
import { benchIngest } from './bench-ingest.ts'
import { benchLatency } from './bench-latency.ts'
import { benchPeers } from './bench-peers.ts'
import { benchTwin } from './bench-twin.ts'
import { benchTwinLoad } from './bench-twin-load.ts'
import { type Command, type OptionValues, usage } from './command.ts'

export const benchCommand: Command = {
  summary: 'Measure rate, latency, peers, the speed of twin and detectors, or a simulated day.',
  usage: 'ingest | latency | twin-load | peers | day | twin | score',
  details: `ingest, latency, twin-load: start an engine of their own on free ports with an empty store,
send from a process of its own whatever the engine does, and listen on its WebSocket. Every latency
is counted from the time a reading was due. Exit code 1: a reading was lost, or a frame or an alert
did not arrive.
ingest: many generic assets of 10 tags at 1 Hz, beside TWIN-444, a potline of 444 cells.
latency: a small load whose readings have times of their own.
twin-load: TWIN-444 alone; then kill -9, until it serves again, and how fast it catches up.
peers: the same readings to InfluxDB, Node-RED, HTTP and MQTT, as far as they are installed.
day: runs a simulated potline through twin, anomaly and advice as fast as it can, without a door
or a store, and lists every alarm. Exit code 1: a quiet day raised more than one.
twin: times the full cell against the same work in C (gcc, clang) and in SciPy, FEniCS and SfePy,
as far as they are installed. Exit code 1: the C program or the clear form gave other numbers.
score: what a reading costs in the predictor and each detector of 10 lines, readings per second of
each row detector, and the tick of the shipped cell model.
See bench/README.md.`,
  options: {
    rate: {
      type: 'number',
      value: 'N',
      help: 'readings per second (ingest 1000000, latency 2500)',
    },
    seconds: {
      type: 'number',
      value: 'N',
      help: 'measured time (ingest 300, others 60, twin-load after --learn 240; peers 10)',
    },
    warmup: { type: 'number', value: 'N', help: 'seconds sent before that (ingest 10, others 5)' },
    learn: { type: 'number', value: 'N', help: 'history sent first (ingest 420, twin-load 0)' },
    alerts: { type: 'number', value: 'N', help: 'alerts to inject (default 1200)' },
    lines: { type: 'number', value: 'N', help: 'latency: lines for the assets (default 4)' },
    assets: { type: 'number', value: 'N', help: 'ingest: assets of a line (default 1000)' },
    delay: { type: 'number', value: 'MS', help: 'ingest: round trip added (default 0)' },
    find: { type: 'boolean', help: 'ingest: search the highest rate that is sustained' },
    twin: { type: 'boolean', help: 'ingest: send TWIN-444 as well (--no-twin: do not)' },
    aligned: { type: 'boolean', help: 'ingest: all lines close their ticks at the whole second' },
    opcua: { type: 'boolean', help: 'ingest: run the OPC UA server (--no-opcua: do not)' },
    outage: { type: 'number', value: 'S', help: 'twin-load: seconds to catch up (default 60)' },
    store: { type: 'string', value: 'lmdb|redis', help: 'store of the engine (default lmdb)' },
    runs: {
      type: 'number',
      value: 'N',
      help: 'repeat, report the median (default 5; latency 1, twin 7)',
    },
    seed: { type: 'number', value: 'N', help: 'seed of the load or the plant (default 1)' },
    hours: { type: 'number', value: 'H', help: 'day: simulated hours (default 24)' },
    cells: { type: 'number', value: 'N', help: 'day, twin: cells (default 40, 240)' },
    faults: { type: 'string', value: 'LIST', help: 'day: as in plant --help (default none)' },
    models: { type: 'string', value: 'DIR', help: 'day: model registry (default ./models)' },
    json: { type: 'boolean', help: 'print the result as one JSON object' },
    save: { type: 'boolean', help: 'append it to bench/results.ndjson (--no-save: do not)' },
  },
  async run(options, positionals) {
    const [what = ''] = positionals
    const bench = BENCHES[what]
    if (bench && positionals.length === 1) return bench(options)
    const known = Object.keys(BENCHES).join(', ')
    throw usage(`name what to measure after "bench": ${known}`)
  },
}

const BENCHES: Readonly<Record<string, (options: OptionValues) => Promise<number>>> = {
  ingest: benchIngest,
  latency: benchLatency,
  'twin-load': benchTwinLoad,
  peers: benchPeers,
  day: benchDay,
  twin: async options => benchTwin(options),
  score: benchScore,
}
