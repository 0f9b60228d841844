import { randomUUID } from 'node:crypto'
import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { LiquidusError, problemOf } from '../core/errors.ts'

/** Changes take milliseconds; who waits longer than this waits for nobody. */
const TRIES_MAX = 250
const TRY_EVERY_MS = 20

/**
 * Runs a change of a model while nobody else, in this process or another, makes one: a file that
 * only one can create stands for the right to. One left by a process that died is taken away.
 */
export async function alone<T>(model: string, file: string, change: () => Promise<T>): Promise<T> {
  const token = `${hostname()} ${process.pid} ${randomUUID()}`
  for (let tries = 0; !(await create(model, file, token)); tries++) {
    const holder = await readFile(file, 'utf8').catch(() => '')
    if (isDead(holder)) await takeAway(file, holder)
    else if (tries < TRIES_MAX) await sleep(TRY_EVERY_MS)
    else {
      const [host, pid] = holder.split(' ')
      const problem =
        `is being changed by process ${pid} on ${host} and not let go; ` +
        `when that has ended, delete ${file}`
      throw new LiquidusError('MODEL_INVALID', { model, problem })
    }
  }
  try {
    return await change()
  } finally {
    await rm(file, { force: true })
  }
}

async function create(model: string, file: string, token: string): Promise<boolean> {
  try {
    await writeFile(file, token, { flag: 'wx' })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    const problem = `cannot be changed: ${problemOf(error)}`
    throw new LiquidusError('MODEL_INVALID', { model, problem })
  }
}

/** A process of another machine is never taken for dead. */
function isDead(holder: string): boolean {
  const [host, pid] = holder.split(' ')
  if (host !== hostname() || pid === undefined) return false
  try {
    process.kill(Number(pid), 0)
    return false
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH'
  }
}

/** Two may see the same dead holder: the file is moved away first, and only the dead one's goes. */
async function takeAway(file: string, holder: string): Promise<void> {
  const aside = `${file}.${randomUUID()}`
  try {
    await rename(file, aside)
    if ((await readFile(aside, 'utf8')) === holder) await rm(aside)
    else await rename(aside, file)
  } catch {
    // Somebody else took it away.
  }
}
