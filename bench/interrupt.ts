/** Closes what a bench started when it is interrupted, so that no process stays behind. */
export function closeOnInterrupt(close: () => Promise<unknown>): () => void {
  const interrupted = (signal: NodeJS.Signals) => {
    const exit = () => process.exit(signal === 'SIGINT' ? 130 : 143)
    close().then(exit, exit)
  }
  process.once('SIGINT', interrupted).once('SIGTERM', interrupted)
  return () => process.off('SIGINT', interrupted).off('SIGTERM', interrupted)
}
