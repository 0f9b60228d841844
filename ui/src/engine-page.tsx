import { useEffect, useState } from 'react'
import { type EngineBody, fetchEngine } from './engine-api.ts'
import { formatBytes, formatCount, formatMs } from './engine-format.ts'
import { emptyHistory, remember } from './engine-history.ts'
import { EngineLines, StageBars } from './engine-lines.tsx'
import { ClientTable, StoreTable, ThreadTable } from './engine-tables.tsx'
import { formatNumber, formatSpan } from './format.ts'
import { SparkLine } from './spark-line.tsx'

const POLL_MS = 1000

/** How busy the engine is: rates, lag, queues, memory, clients, and why it is not ready. */
export function EnginePage() {
  const { body, history, problem } = useEngine()
  const [chosenName, choose] = useState('')
  const chosen = body?.lines.find(({ line }) => line === chosenName) ?? body?.lines[0]
  return (
    <section className="engine-page" aria-labelledby="engine-title">
      <div className="advice-head">
        <h1 id="engine-title">Engine</h1>
        {body && <Health body={body} />}
      </div>
      {problem !== '' && <p role="alert">{problem}</p>}
      {body && (
        <>
          <div className="engine-row engine-sparks">
            <SparkLine
              text="Readings/s"
              values={history.readings_per_s}
              format={value => formatCount(value)}
            />
            <SparkLine text="Append p99" values={history.append_ms} format={formatMs} />
            <SparkLine text="Worst lag p99" values={history.lag_ms} format={formatMs} />
          </div>
          <EngineLines
            lines={body.lines}
            notTold={body.lines_not_told}
            window_s={body.window_s}
            chosen={chosen}
            choose={choose}
          />
          <div className="engine-row">
            <StageBars line={chosen} />
            <ThreadTable threads={body.threads} />
          </div>
          <div className="engine-row">
            <StoreTable store={body.store} />
            <ClientTable body={body} />
          </div>
        </>
      )}
    </section>
  )
}

/** Ready or why not, and what the process uses. */
function Health({ body }: { body: EngineBody }) {
  const { cpu_cores, rss_bytes, heap_used_bytes } = body.process
  return (
    <>
      <span className="engine-health" data-ready={body.ready} data-testid="engine-health">
        <b>{body.ready ? 'Ready' : 'Not ready'}</b>
        {body.problems.map(problem => (
          <span key={problem}>{problem}</span>
        ))}
      </span>
      <span className="soft engine-process">
        {formatNumber(cpu_cores, 2)} cores · {formatBytes(rss_bytes)} memory, heap{' '}
        {formatBytes(heap_used_bytes)} · up {formatSpan(1000 * body.uptime_s)} · {body.version}
      </span>
    </>
  )
}

/** Asks once a second while the page is seen; one question at a time. */
function useEngine() {
  const [held, setHeld] = useState({ history: emptyHistory } as {
    readonly body?: EngineBody
    readonly history: typeof emptyHistory
  })
  const [problem, setProblem] = useState('')
  useEffect(() => {
    let gone = false
    let waiting = false
    const once = async () => {
      if (document.hidden || waiting) return
      waiting = true
      try {
        const body = await fetchEngine()
        if (gone) return
        setHeld(before => ({ body, history: remember(before.history, body) }))
        setProblem('')
      } catch (error) {
        if (!gone) setProblem((error as Error).message)
      } finally {
        waiting = false
      }
    }
    void once()
    const timer = setInterval(() => void once(), POLL_MS)
    return () => {
      gone = true
      clearInterval(timer)
    }
  }, [])
  return { ...held, problem }
}
