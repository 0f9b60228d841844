/** docs/validation.md and its plots, made from the same checks that `liquidus validate` runs. */
import { CHECK_GROUPS, countChecks, type GroupResult, runChecks } from './catalog.ts'
import type { Check } from './check.ts'
import { type ForeignReport, foreignReport } from './foreign/report.ts'
import { errorText, gotText, toleranceText, valueText } from './format.ts'
import { figureSvg, figures } from './plots.ts'
import { type RecordedRoom, recordedRoom } from './recorded-room.ts'

/** Where the plots are, as the document refers to them. */
const PLOTS = 'validation'

/** Files of the document by their path under docs/. */
export async function validationDocument(header: string): Promise<ReadonlyMap<string, string>> {
  const results = runChecks(CHECK_GROUPS)
  const foreign = await foreignReport()
  const room = recordedRoom()
  const files = new Map<string, string>()
  const shown = [...figures(), ...foreign.figures, room.figure]
  for (const figure of shown) files.set(`${PLOTS}/${figure.file}`, await figureSvg(figure))
  const pictures = new Map(
    shown.map(({ file, caption }) => [file, `![${caption}](${PLOTS}/${file})\n\n${caption}\n`]),
  )
  files.set('validation.md', text(header, results, { foreign, room }, pictures))
  return files
}

/** Figures by the chapter that they end. */
const FIGURES_OF: Readonly<Record<string, readonly string[]>> = {
  '3': ['voltage-curve.svg'],
  '4': ['scenarios.svg'],
  '5': ['ledge-front.svg', 'error-by-grid.svg', 'error-by-step.svg', 'alumina-profiles.svg'],
}

const CHAPTERS: Readonly<Record<string, string>> = {
  '1': 'Process facts',
  '2': 'Published control models',
  '3': 'Bath properties and cell voltage',
  '4': 'Whole cells',
  '5': 'Parts with exact solutions',
  machine: 'Motor',
  air: 'Room',
}

function text(
  header: string,
  results: readonly GroupResult[],
  { foreign, room }: { foreign: ForeignReport; room: RecordedRoom },
  pictures: ReadonlyMap<string, string>,
): string {
  const { passed, failed } = countChecks(results)
  const chapters = Object.entries(CHAPTERS).map(([chapter, title]) => {
    const groups = results.filter(result => result.section.startsWith(chapter))
    const drawn = (FIGURES_OF[chapter] ?? []).map(file => pictures.get(file)!)
    return `## ${title}\n\n${[...groups.map(groupText), ...drawn].join('\n')}`
  })
  return `${header}
# Validation

\`liquidus validate\` runs these ${passed + failed} checks: ${passed} pass, ${failed} fail. Each holds a number of the process
models against a published one, an exact solution or a separate implementation, named as its source. Numbers of sections are those
of the process model. A tolerance is absolute unless it says rel.; "short" is how much may be missing to the expected value.

${overview(results)}
${chapters.join('\n')}
## Foreign plant

${foreign.text}
${foreign.figures.map(({ file }) => pictures.get(file)!).join('\n')}
## Recorded room

${room.text}
${pictures.get(room.figure.file)!}`
}

function overview(results: readonly GroupResult[]): string {
  const rows = results.map(({ section, title, checks }) => {
    const passed = checks.filter(check => check.pass).length
    return `| ${section} | ${title} | ${checks.length} | ${passed === checks.length ? 'all' : `**${passed}**`} |`
  })
  return `| section | what | checks | pass |\n| --- | --- | --- | --- |\n${rows.join('\n')}\n`
}

function groupText({ section, title, checks }: GroupResult): string {
  const head = '| check | expected | got | error | tolerance | source | pass |\n'
  const rule = '| --- | --- | --- | --- | --- | --- | --- |\n'
  return `### ${/^\d/.test(section) ? `${section} ` : ''}${title}\n\n${head}${rule}${checks.map(checkText).join('\n')}\n`
}

function checkText(check: Check): string {
  const cells = [
    check.text,
    valueText(check.expected),
    gotText(check),
    errorText(check.error, check.expected),
    toleranceText(check),
    check.source,
    check.pass ? 'yes' : '**NO**',
  ]
  return `| ${cells.join(' | ')} |`
}
