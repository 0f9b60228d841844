import { useCallback, useEffect, useState } from 'react'
import { formatClock, formatDate } from './format.ts'
import { fetchModels, type ModelListed, type ModelsBody } from './model-api.ts'
import { ModelCard } from './model-card.tsx'
import type { ClientState } from './store.ts'

const POLL_MS = 3000
const PROPOSALS_SHOWN = 20

/** Models of the registry: versions, aliases, loss curves, and what the drift monitors saw. */
export function ModelPage({ state }: { state: ClientState }) {
  const [body, setBody] = useState<ModelsBody>()
  const [problem, setProblem] = useState('')
  const [chosen, setChosen] = useState('')
  const load = useCallback(() => {
    fetchModels().then(
      answer => {
        setBody(answer)
        setProblem('')
      },
      (error: Error) => setProblem(error.message),
    )
  }, [])
  useEffect(() => {
    load()
    const timer = setInterval(() => {
      if (!document.hidden) load()
    }, POLL_MS)
    return () => clearInterval(timer)
  }, [load])
  const all = body?.models.flatMap(model =>
    [...model.versions].reverse().map(version => ({ model, version })),
  )
  const shown = all?.find(one => keyOf(one) === chosen) ?? all?.[0]
  const force = body?.in_force
  return (
    <section className="models-page" aria-labelledby="models-title">
      <div className="advice-head">
        <h1 id="models-title">Models</h1>
        {force && (
          <span className="soft" data-testid="model-in-force">
            {force.model === 'none' || force.model === undefined
              ? 'No model scores.'
              : `${force.model} scores as ${force.model_role}` +
                `${force.model_role === 'champion' ? ' and may alarm' : ' and never alarms'}.`}
          </span>
        )}
      </div>
      {problem !== '' && <p role="alert">{problem}</p>}
      {all?.length === 0 && (
        <p className="empty">No models yet. Train one with "liquidus train --from DIR".</p>
      )}
      <div className="models-columns">
        {all && all.length > 0 && (
          <table className="strip panel">
            <thead>
              <tr>
                <th scope="col">Version</th>
                <th scope="col">Alias</th>
              </tr>
            </thead>
            <tbody>
              {all.map(one => (
                <tr key={keyOf(one)}>
                  <td>
                    <button
                      type="button"
                      className="quiet"
                      aria-pressed={one === shown}
                      onClick={() => setChosen(keyOf(one))}
                    >
                      {keyOf(one)}
                    </button>
                  </td>
                  <td>{aliasesOf(one).join(', ')}</td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
        {shown && (
          <ModelCard
            key={keyOf(shown)}
            name={shown.model.name}
            version={shown.version}
            aliases={aliasesOf(shown)}
            may={state.actions.includes('promote')}
            onMoved={load}
          />
        )}
      </div>
      {body && <Proposals body={body} />}
    </section>
  )
}

interface Listed {
  readonly model: ModelListed
  readonly version: string
}

const keyOf = ({ model, version }: Listed) => `${model.name}/${version}`
const aliasesOf = ({ model, version }: Listed) =>
  Object.entries(model.aliases)
    .filter(([, at]) => at === version)
    .map(([alias]) => alias)

function Proposals({ body }: { body: ModelsBody }) {
  return (
    <section className="panel" aria-label="Drift">
      <div className="panel-head">
        <h2>Drift</h2>
        <span className="soft">Monitors propose; nothing is changed by them.</span>
      </div>
      {body.proposals.length === 0 && <p className="empty">None seen</p>}
      <ul className="proposals">
        {body.proposals.slice(0, PROPOSALS_SHOWN).map(one => (
          <li key={`${one.line}/${one.monitor}/${one.tag}/${one.time_ms}`}>
            <span className="soft">
              {formatDate(one.time_ms)} {formatClock(one.time_ms)}
            </span>{' '}
            <b>{one.line}</b> {one.text}
          </li>
        ))}
      </ul>
    </section>
  )
}
