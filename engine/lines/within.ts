/** Whether the work was done in time; it goes on by itself where it was not, and throws alone. */
export async function within(limit_ms: number, work: Promise<unknown>): Promise<boolean> {
  let timeout: NodeJS.Timeout | undefined
  const late = new Promise<boolean>(resolve => {
    timeout = setTimeout(() => resolve(false), limit_ms)
  })
  try {
    return await Promise.race([work.then(() => true), late])
  } finally {
    clearTimeout(timeout)
  }
}
