import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, it } from 'vitest'
import { faultKinds } from '../sim/faults.ts'
import { counted, plainWords, readArguments } from './command.ts'
import { plantCommand } from './plant.ts'
import { checkColumns } from './replay.ts'
import { startCommand } from './start.ts'

const run = (command: typeof plantCommand, args: readonly string[]) => {
  const { options, positionals } = readArguments('x', command, args)
  return command.run(options, positionals)
}

it('says of a file what is wrong, without the words of the C library', () => {
  const raw = "cannot read /nope: ENOENT: no such file or directory, open '/nope'"
  expect(plainWords(raw)).toBe('cannot read /nope: there is no such file or folder')
  expect(plainWords('cannot read /: EISDIR: illegal operation on a directory, read')).toBe(
    'cannot read /: it is a folder, not a file',
  )
  expect(plainWords("x: EACCES: permission denied, open '/x'")).toBe('x: permission is denied')
  expect([counted(1, 'cell'), counted(2, 'cell')]).toEqual(['1 cell', '2 cells'])
})

it('refuses a unit or an exception for a column that is not there', () => {
  const notes = ['column "class" is not sent: a label for evaluation']
  expect(() => checkColumns('--units', ['P-PDG', 'p-tpt'], ['P-PDG', 'P-TPT'], [])).not.toThrow()
  expect(() => checkColumns('--ignore', ['class'], ['P-PDG'], notes)).not.toThrow()
  expect(() => checkColumns('--units', ['P-PGD'], ['P-PDG'], notes)).toThrow(
    /--units names "P-PGD".*those are P-PDG/,
  )
})

it('names the flag that is wrong, as wrong usage', async () => {
  await expect(run(startCommand, ['--http', '99999'])).rejects.toMatchObject({
    code: 'USAGE',
    message: expect.stringMatching(/^--http 99999 is not valid/),
  })
  await expect(run(plantCommand, ['--cells', '2.5'])).rejects.toThrow(/--cells takes a whole/)
})

it('lists every kind of fault, and does not record over a recording', async () => {
  for (const kind of faultKinds) expect(plantCommand.details).toContain(kind)
  const folder = mkdtempSync(path.join(tmpdir(), 'liquidus-record-'))
  mkdirSync(path.join(folder, 'observed'))
  writeFileSync(path.join(folder, 'observed', 'fast.csv.gz'), 'kept')
  await expect(run(plantCommand, ['--record', folder, '--hours', '0.01'])).rejects.toThrow(
    /the folder is not empty/,
  )
  rmSync(folder, { recursive: true })
})
