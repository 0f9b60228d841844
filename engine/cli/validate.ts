import { CHECK_GROUPS, countChecks, type GroupResult, runChecks } from '../validation/catalog.ts'
import type { Check, CheckGroup } from '../validation/check.ts'
import { errorText, gotText, toleranceText, valueText } from '../validation/format.ts'
import { type Command, printJson, say, usage } from './command.ts'

export const validateCommand: Command = validateWith(CHECK_GROUPS)

/** The command on other groups; a test breaks a number and sees it fail. */
export function validateWith(all: readonly CheckGroup[]): Command {
  return {
    summary: 'Hold the process models against published numbers and exact solutions.',
    details: `Prints every check: expected, got, error, tolerance, source. Exit code 1: one failed.
The same table with plots is docs/validation.md.`,
    options: {
      section: { type: 'string', value: 'N', help: 'only checks of this section, e.g. 3.9' },
      failed: { type: 'boolean', help: 'list only what failed' },
      json: { type: 'boolean', help: 'print {passed, failed, checks} as one JSON object' },
    },
    async run(options) {
      const groups = all.filter(group => within(group.section, options.section))
      if (groups.length === 0) {
        const known = [...new Set(all.map(group => group.section))]
        throw usage(`--section ${options.section} has no checks; known: ${known.join(', ')}`)
      }
      const results = runChecks(groups, (result, done) => {
        if (options.json) say(`${done} of ${groups.length}  ${result.section} ${result.title}`)
        else process.stdout.write(groupText(result, options.failed === true))
      })
      const counts = countChecks(results)
      if (options.json) {
        printJson({ ...counts, checks: results.flatMap(result => result.checks.map(reported)) })
      } else {
        process.stdout.write(`${counts.passed} passed, ${counts.failed} failed\n`)
      }
      return counts.failed === 0 ? 0 : 1
    },
  }
}

const within = (section: string, wanted: unknown): boolean =>
  wanted === undefined || section === wanted || section.startsWith(`${wanted}.`)

/** What `--json` tells of a check; JSON has no NaN, so that one becomes null. */
function reported({ id, expected, got, error, tolerance, source, pass }: Check) {
  return { id, expected, got, error, tolerance, source, pass }
}

const WIDTHS = [6, 62, 14, 14, 9, 10] as const

function groupText(result: GroupResult, onlyFailed: boolean): string {
  const failed = result.checks.filter(check => !check.pass).length
  const shown = onlyFailed ? result.checks.filter(check => !check.pass) : result.checks
  const count =
    failed === 0 ? `${result.checks.length} ok` : `${failed} of ${result.checks.length} FAILED`
  const title = `${result.section} ${result.title}: ${count}\n`
  if (shown.length === 0) return title
  const head = rowText(['', 'check', 'expected', 'got', 'error', 'tolerance', 'source'])
  return `\n${title}${head}${shown.map(checkText).join('')}\n`
}

function checkText(check: Check): string {
  return rowText([
    check.pass ? 'ok' : 'FAILED',
    check.text,
    valueText(check.expected),
    gotText(check),
    errorText(check.error, check.expected),
    toleranceText(check),
    check.source,
  ])
}

function rowText(cells: readonly string[]): string {
  const padded = cells.map((cell, i) => cell.padEnd(WIDTHS[i] ?? 0))
  return `${padded.join('  ').trimEnd()}\n`
}
