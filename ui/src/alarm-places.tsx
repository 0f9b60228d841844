import { Fragment, useState } from 'react'
import type { AlarmRecord } from '#engine/flow.ts'
import type { AlarmPlace } from './alarm-groups.ts'
import { IncidentRow } from './alarm-incident.tsx'
import { AlarmRow } from './alarm-row.tsx'
import type { ClientState } from './store.ts'

/** Rows drawn at once; a flood must not stop the page. */
export const ROWS_MAX = 200

/** The rows of the alarm list; one alarm and one incident are unfolded at a time. */
export function AlarmPlaces({
  places,
  state,
}: {
  places: readonly AlarmPlace[]
  state: ClientState
}) {
  const [open, setOpen] = useState('')
  const [unfolded, setUnfolded] = useState('')
  const [shown, setShown] = useState(ROWS_MAX)
  const row = (alarm: AlarmRecord, isMember: boolean) => (
    <AlarmRow
      key={alarm.id}
      {...{ alarm, state, isMember }}
      isOpen={open === alarm.id}
      toggle={() => setOpen(open === alarm.id ? '' : alarm.id)}
    />
  )
  const unfold = (id: string) => {
    setUnfolded(unfolded === id ? '' : id)
    setShown(ROWS_MAX)
  }
  const showMore = () => setShown(shown + ROWS_MAX)
  return (
    <tbody>
      {places.slice(0, ROWS_MAX).map(place => {
        if (!place.incident) return row(place.alarm, false)
        const { incident, members } = place
        const isOpen = unfolded === incident.id
        return (
          <Fragment key={incident.id}>
            <IncidentRow {...{ incident, members, isOpen }} toggle={() => unfold(incident.id)} />
            {isOpen && members.slice(0, shown).map(alarm => row(alarm, true))}
            {isOpen && members.length > shown && (
              <MoreMembers left={members.length - shown} showMore={showMore} />
            )}
          </Fragment>
        )
      })}
    </tbody>
  )
}

function MoreMembers({ left, showMore }: { left: number; showMore: () => void }) {
  return (
    <tr>
      <td />
      <td colSpan={6}>
        <button type="button" data-testid="incident-more" onClick={showMore}>
          Show {Math.min(ROWS_MAX, left)} more of {left}
        </button>
      </td>
    </tr>
  )
}
