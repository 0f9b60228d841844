import { useState } from 'react'
import type { AlarmPriority } from '#engine/flow.ts'
import {
  type AlarmFilter,
  type AlarmScope,
  countInScope,
  filterAlarms,
  openFilter,
} from './alarm-filter.ts'
import { type AlarmPlace, groupAlarms, incidentsText } from './alarm-groups.ts'
import { AlarmKpiStrip } from './alarm-kpis.tsx'
import { AlarmPlaces, ROWS_MAX } from './alarm-places.tsx'
import { PRIORITIES } from './alarm-state.ts'
import { PriorityMark } from './priority-mark.tsx'
import type { ClientState } from './store.ts'

const SCOPES: readonly (readonly [scope: AlarmScope, text: string])[] = [
  ['listed', 'Standing'],
  ['unacknowledged', 'Unacknowledged'],
  ['shelved', 'Shelved'],
  ['suppressed', 'Suppressed'],
  ['out-of-service', 'Out of service'],
  ['all', 'All, with past ones'],
]
/** All alarms of all lines, most urgent first. */
export function AlarmPage({ state }: { state: ClientState }) {
  const [filter, setFilter] = useState<AlarmFilter>(openFilter)
  const rows = filterAlarms(state.alarms.values(), filter)
  const places = groupAlarms(rows, state.summaries.values())
  return (
    <section className="panel alarm-page" aria-labelledby="alarms-title">
      <div className="panel-head">
        <h1 id="alarms-title">Alarms</h1>
        <AlarmFilters state={state} filter={filter} setFilter={setFilter} />
        <span className="soft" role="status">
          {shownText(rows.length, places)}
        </span>
      </div>
      <AlarmKpiStrip state={state} line={filter.line} />
      <table className="alarms">
        <thead>
          <tr>
            <th scope="col">Priority</th>
            <th scope="col">Raised</th>
            <th scope="col">Cell</th>
            <th scope="col">Alarm and first cause</th>
            <th scope="col" className="alarm-state">
              State
            </th>
            <th scope="col" className="alarm-response">
              Response
            </th>
            <th scope="col">Action</th>
          </tr>
        </thead>
        <AlarmPlaces places={places} state={state} />
      </table>
      {rows.length === 0 && <p className="empty">No alarm matches.</p>}
      {places.length > ROWS_MAX && (
        <p className="empty">
          The first {ROWS_MAX} of {places.length}; narrow the filters to see the others.
        </p>
      )}
    </section>
  )
}

function shownText(alarms: number, places: readonly AlarmPlace[]): string {
  const folded = places.flatMap(place => (place.incident ? [place.members.length] : []))
  if (folded.length === 0) return `${alarms} shown`
  const members = folded.reduce((sum, count) => sum + count, 0)
  return `${alarms} shown, ${members} of them in ${incidentsText(folded.length)}`
}

function AlarmFilters(props: {
  state: ClientState
  filter: AlarmFilter
  setFilter: (filter: AlarmFilter) => void
}) {
  const { state, filter, setFilter } = props
  const toggle = (priority: AlarmPriority) => {
    const priorities = new Set(filter.priorities)
    if (!priorities.delete(priority)) priorities.add(priority)
    setFilter({ ...filter, priorities })
  }
  return (
    <form className="filters" onSubmit={event => event.preventDefault()}>
      <label>
        <span>State</span>
        <select
          data-testid="alarm-scope"
          value={filter.scope}
          onChange={event => setFilter({ ...filter, scope: event.target.value as AlarmScope })}
        >
          {SCOPES.map(([scope, text]) => (
            <option key={scope} value={scope}>
              {text}
              {scope !== 'all' && ` (${countInScope(state.alarms.values(), scope)})`}
            </option>
          ))}
        </select>
      </label>
      <label>
        <span>Line</span>
        <select
          value={filter.line}
          onChange={event => setFilter({ ...filter, line: event.target.value })}
        >
          <option value="">all</option>
          {[...state.lines.keys()].map(line => (
            <option key={line}>{line}</option>
          ))}
        </select>
      </label>
      <fieldset>
        <legend className="unseen">Priorities</legend>
        {PRIORITIES.map(priority => (
          <label key={priority} className="check">
            <input
              type="checkbox"
              checked={filter.priorities.has(priority)}
              onChange={() => toggle(priority)}
            />
            <PriorityMark priority={priority} withText plain />
          </label>
        ))}
      </fieldset>
      <label>
        <span>Find</span>
        <input
          type="search"
          value={filter.search}
          placeholder="cell or text"
          onChange={event => setFilter({ ...filter, search: event.target.value })}
        />
      </label>
    </form>
  )
}
