import { words } from './format.ts'
import { hashOf } from './route.ts'
import type { LineState } from './store.ts'

const SHOWN_MAX = 8

/** Which sensors are not healthy, and why; nothing where all are. */
export function SensorFaults({ line }: { line: LineState }) {
  const { faults, info } = line
  if (faults.length === 0) return null
  return (
    <section className="panel" aria-label="Sensor faults">
      <div className="panel-head">
        <h2>Sensor faults</h2>
        {faults.length > SHOWN_MAX && (
          <span className="soft">and {faults.length - SHOWN_MAX} more</span>
        )}
      </div>
      <ul className="sensor-faults">
        {faults.slice(0, SHOWN_MAX).map(({ tag, cell, reason }) => (
          <li key={`${cell}/${tag}`}>
            {cell === '' ? (
              'Line'
            ) : (
              <a href={hashOf({ screen: 'cell', line: info.line, cell })}>{cell}</a>
            )}{' '}
            {words(tag)} <span className="soft">{words(reason)}</span>
          </li>
        ))}
      </ul>
    </section>
  )
}
