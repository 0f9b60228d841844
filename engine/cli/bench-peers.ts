import { measurePeers, peersTable } from '#bench/peers/measure.ts'
import { appendResult, surroundings } from '#bench/results.ts'
import { commandOf, numbersOf } from './bench-runs.ts'
import { type OptionValues, printJson, say } from './command.ts'

const DEFAULTS = { seconds: 10, seed: 1 }

/** `liquidus bench peers`: the same readings to other servers, from the same client. */
export async function benchPeers(options: OptionValues): Promise<number> {
  const { seconds, seed } = numbersOf(options, DEFAULTS)
  const around = surroundings()
  const measured = await measurePeers({ seconds_s: seconds, seed }, say)
  const command = commandOf('peers', { seconds, seed })
  const result = { ...measured, ...around, seconds, seed, command }
  if (options.save !== false) appendResult(result)
  if (options.json) printJson(result)
  else process.stdout.write(`${peersTable(result)}\n`)
  for (const problem of result.problems) say(`failed: ${problem}`)
  return result.problems.length === 0 ? 0 : 1
}
