import { useEffect, useState } from 'react'
import { formatClock, formatDate } from './format.ts'
import { HoldButton } from './hold-button.tsx'
import { fetchModel, type ModelVersion, promoteModel, rollBackModel } from './model-api.ts'
import { ModelLoss } from './model-loss.tsx'

/** One version: what it was made of, how it learnt, who moved it, and what may be done. */
export function ModelCard(props: {
  name: string
  version: string
  aliases: readonly string[]
  may: boolean
  onMoved: () => void
}) {
  const { name, version, aliases, may, onMoved } = props
  const [model, setModel] = useState<ModelVersion>()
  const [comment, setComment] = useState('')
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState('')
  const key = aliases.join()
  // biome-ignore lint/correctness/useExhaustiveDependencies: a moved alias changes what is shown
  useEffect(() => {
    fetchModel(name, version).then(setModel, (error: Error) => setProblem(error.message))
  }, [name, version, key])
  const move = async (action: () => Promise<unknown>) => {
    setBusy(true)
    setProblem('')
    try {
      await action()
      onMoved()
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error))
    }
    setBusy(false)
  }
  const champion = aliases.includes('champion')
  return (
    <article
      className="panel model-card"
      aria-label={`${name}/${version}`}
      data-testid="model-card"
    >
      <div className="panel-head">
        <h2>
          {name}/{version}
        </h2>
        <span className="soft">{aliases.join(', ') || 'no alias'}</span>
      </div>
      {model && <Facts model={model} />}
      <div className="model-actions">
        <label className="comment">
          <span>Comment</span>
          <input
            value={comment}
            maxLength={500}
            onChange={event => setComment(event.target.value)}
          />
        </label>
        {champion ? (
          <HoldButton
            text="Roll back"
            testId="model-rollback"
            disabled={busy || !may}
            onHeld={() => void move(() => rollBackModel(name, comment))}
          />
        ) : (
          <HoldButton
            text="Promote"
            testId="model-promote"
            disabled={busy || !may}
            onHeld={() => void move(() => promoteModel(name, version, comment))}
          />
        )}
        {busy && <span className="soft">The gate runs…</span>}
        {!may && <span className="soft">Your role may not move models.</span>}
      </div>
      {problem !== '' && (
        <p role="alert" data-testid="model-problem">
          {problem}
        </p>
      )}
    </article>
  )
}

function Facts({ model }: { model: ModelVersion }) {
  const { record, moves, sha256 } = model
  const { training } = record
  const facts: readonly [string, string][] = [
    ['Trained on', training.data],
    ['Rows', `${training.rows}, calibrated on ${record.calibration.rows}`],
    ['Seed, epochs', `${training.seed}, ${training.epochs}`],
    ['Threshold', record.threshold.toPrecision(4)],
    ['Weights', record.weights_sha256.slice(0, 12)],
    ['Version hash', sha256.slice(0, 12)],
    ['Author', record.author || 'not recorded'],
  ]
  return (
    <>
      <dl className="model-facts">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <ModelLoss loss={training.loss} />
      <ul className="moves">
        {moves.map(move => (
          <li key={`${move.alias}/${move.at_ms}`}>
            {move.rollback ? 'Rolled back' : `Made ${move.alias}`} by {move.by || 'nobody'}
            {move.at_ms > 0 && `, ${formatDate(move.at_ms)} ${formatClock(move.at_ms)}`}
            {move.reason !== '' && <span className="soft"> ({move.reason})</span>}
          </li>
        ))}
      </ul>
    </>
  )
}
