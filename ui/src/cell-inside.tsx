import type { CellProfile } from './api.ts'
import { formatNumber, formatUnit, sentence } from './format.ts'
import { LedgeSection } from './ledge-section.tsx'
import { ProfilePicture } from './profile-picture.tsx'
import type { LineState } from './store.ts'
import { useProfiles } from './use-polled.ts'

/** What the twin computes inside one cell: ledge, alumina along it, current by anode. */
export function CellInside({ line, cell }: { line: LineState; cell: number }) {
  const { info } = line
  const profiles = useProfiles(info.line, info.cells[cell] ?? '')
  return (
    <section className="panel inside live" aria-label="Inside the cell">
      {profiles.length === 0 && <p className="empty">Nothing is known of the inside yet.</p>}
      {profiles.map(profile => (
        <ProfileView key={profile.name} profile={profile} />
      ))}
    </section>
  )
}

function ProfileView({ profile }: { profile: CellProfile }) {
  if (profile.name === 'ledge_m') return <LedgeSection profile={profile} />
  if (profile.axis.labels) return <ProfileTable profile={profile} />
  return <ProfilePicture profile={profile} />
}

/** Few named points are read better as a table. */
function ProfileTable({ profile }: { profile: CellProfile }) {
  const unit = formatUnit(profile.unit)
  return (
    <figure className="profile" data-testid={`profile-${profile.name}`}>
      <figcaption>
        <b>{sentence(profile.text)}</b> <span className="soft">{unit}</span>
      </figcaption>
      <table className="strip readings">
        <thead>
          <tr>
            <th scope="col">{sentence(profile.axis.text)}</th>
            {profile.rows.map(row => (
              <th key={row} scope="col" className="number">
                {profile.observed ? `${row}, expected` : row}
              </th>
            ))}
            {profile.observed &&
              profile.rows.map(row => (
                <th key={row} scope="col" className="number">
                  measured
                </th>
              ))}
          </tr>
        </thead>
        <tbody>
          {profile.axis.labels?.map((label, point) => (
            <tr key={label}>
              <th scope="row">{label}</th>
              {[...profile.values, ...(profile.observed ?? [])].map((row, i) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: columns have no other name
                <td key={i} className="number">
                  {formatNumber(row[point], profile.digits)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </figure>
  )
}
