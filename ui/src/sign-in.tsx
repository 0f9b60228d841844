import { useEffect, useState } from 'react'
import { needsKey, signIn } from './api.ts'
import type { ClientState } from './store.ts'

/** True while there is no connection because the engine wants a key, at first or again. */
export function useKeyWanted({ connection }: ClientState): boolean {
  const [wanted, setWanted] = useState(false)
  useEffect(() => {
    if (connection === 'open') setWanted(false)
    if (connection !== 'lost') return
    let gone = false
    void needsKey().then(answer => {
      if (!gone) setWanted(answer)
    })
    return () => {
      gone = true
    }
  }, [connection])
  return wanted
}

/** Asks for an API key. */
export function SignIn() {
  const [key, setKey] = useState('')
  const [problem, setProblem] = useState('')
  const submit = async (event: React.FormEvent) => {
    event.preventDefault()
    try {
      await signIn(key.trim())
      window.location.reload()
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error))
    }
  }
  return (
    <form className="panel sign-in" onSubmit={submit}>
      <label className="comment">
        <span>API key</span>
        <input
          type="password"
          autoComplete="current-password"
          value={key}
          onChange={event => setKey(event.target.value)}
        />
      </label>
      <button type="submit" disabled={key.trim() === ''}>
        Sign in
      </button>
      {problem !== '' && (
        <p className="problem" role="alert">
          {problem}
        </p>
      )}
    </form>
  )
}
