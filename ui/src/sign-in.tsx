import { useEffect, useState } from 'react'
import { needsKey, signIn } from './api.ts'

/** Asks for an API key where the engine wants one; shows nothing elsewhere. */
export function SignIn() {
  const [wanted, setWanted] = useState(false)
  const [key, setKey] = useState('')
  const [problem, setProblem] = useState('')
  useEffect(() => {
    let gone = false
    void needsKey().then(answer => {
      if (!gone) setWanted(answer)
    })
    return () => {
      gone = true
    }
  }, [])
  if (!wanted) return null
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
