import type { AlarmRecord } from '#engine/flow.ts'
import { mean } from './deviation.ts'
import {
  type Display,
  displayOf,
  formatNumber,
  formatUnit,
  formatValue,
  sentence,
  words,
} from './format.ts'
import type { LineState } from './store.ts'
import { fieldIndex, type Role } from './telemetry.ts'
import { useMeasured } from './use-polled.ts'

interface Kpi {
  readonly text: string
  readonly value: string
  readonly unit: string
}

const FIELD_KPIS: readonly (readonly [role: Role, text: string])[] = [
  ['superheat', 'Mean superheat'],
  ['alumina', 'Mean alumina'],
  ['feed', 'Alumina delivered'],
  ['energy', 'Energy'],
  ['efficiency', 'Current efficiency'],
]

/** Numbers of the whole line. */
export function LineKpis({ line, listed }: { line: LineState; listed: readonly AlarmRecord[] }) {
  const readings = useMeasured(line.info.line, line.info.cells[0] ?? '')
  const ofLine: readonly Kpi[] = readings
    .filter(reading => reading.scope === 'line')
    .map(reading => ({
      text: sentence(words(reading.tag)),
      value: formatNumber(reading.value, 1),
      unit: formatUnit(reading.unit),
    }))
  const inAlarm = new Set(listed.filter(alarm => alarm.cell !== '').map(alarm => alarm.cell))
  const untrusted = line.telemetry ? line.telemetry.trusted.filter(flag => flag === 0).length : 0
  const counts: readonly Kpi[] = [
    { text: 'In alarm', value: String(inAlarm.size), unit: `of ${line.info.cells.length}` },
    { text: 'Twin not trusted', value: String(untrusted), unit: `of ${line.info.cells.length}` },
    { text: 'Sensor faults', value: String(line.faults.length), unit: '' },
  ]
  return (
    <section className="panel live" aria-label="Line figures">
      <div className="panel-head">
        <h2>Line {line.info.line}</h2>
      </div>
      <dl className="kpis">
        {[...ofLine, ...measured(line), ...counts].map(kpi => (
          <div key={kpi.text}>
            <dt>{kpi.text}</dt>
            <dd>
              <b>{kpi.value}</b> {kpi.unit}
            </dd>
          </div>
        ))}
      </dl>
    </section>
  )
}

function measured(line: LineState): readonly Kpi[] {
  const { info, telemetry } = line
  const cells = info.cells.length
  if (info.kind !== 'potline') return []
  const kpi = (text: string, display: Display, values: Float32Array | undefined): Kpi => ({
    text,
    value: formatValue(display, values ? mean(values) : Number.NaN),
    unit: formatUnit(display.unit),
  })
  const kpis: Kpi[] = []
  info.channels.forEach((channel, i) => {
    const text = `Mean ${channel.text}`
    const values = telemetry?.observed.subarray(i * cells, (i + 1) * cells)
    kpis.push(kpi(text, displayOf(channel), values))
  })
  for (const [role, text] of FIELD_KPIS) {
    const at = fieldIndex(info.fields, role)
    if (at < 0) continue
    const values = telemetry?.estimate.subarray(at * cells, (at + 1) * cells)
    kpis.push(kpi(text, displayOf(info.fields[at]!), values))
  }
  return kpis
}
