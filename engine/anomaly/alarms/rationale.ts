import type { AlarmRule } from './catalog.ts'

const WORDS_MIN = 3

const isSaid = (text: string): boolean => text.trim().split(/\s+/).length >= WORDS_MIN

/**
 * What the record of a kind lacks before it may be an alarm; empty when it is complete. An alarm
 * without a cause, a consequence, a response and the time for it asks nothing of the operator.
 */
export function missingRationale(rule: AlarmRule): readonly string[] {
  const missing: string[] = []
  for (const part of ['cause', 'consequence', 'response'] as const) {
    if (!isSaid(rule[part])) missing.push(part)
  }
  // Who hears of it only when the time is over can not respond.
  if (!(rule.respond_within_ms > rule.on_delay_ms)) missing.push('time to respond')
  return missing
}

/** The kinds that may raise alarms: those whose record is complete; others stay events. */
export function enabledRules(
  catalog: Readonly<Record<string, AlarmRule>>,
): ReadonlyMap<string, AlarmRule> {
  return new Map(Object.entries(catalog).filter(([, rule]) => missingRationale(rule).length === 0))
}
