// Prints the step of the full cell in plain C, translated from twin-models/assembly: the same
// operations in the same order, over vectors of any width; cell.c includes it as cell-step.h.
// Usage: node --import ./engine/tools/ts.mjs bench/twin/translate.ts >cell-step.h
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'

const ASSEMBLY = path.resolve(import.meta.dirname, '../../twin-models/assembly')

/** Modules in the order in which C needs them. */
const MODULES = [
  'tile',
  'places',
  'elementary',
  'bath',
  'wall-places',
  'wall-ledge',
  'wall',
  'channels',
  'anodes',
  'cell-masses',
  'cell-heats',
  'cell-outputs',
  'cell-closure',
  'cell',
] as const

/** Where a number of bytes is a place in a tile of four cells, to be scaled to the C's tiles. */
const SCALED = new Set(['tile', 'places', 'bath', 'wall-places', 'channels'])
/** Bytes of the table of channels, which has no lanes; places of bath.ts count values. */
const UNSCALED = /^(TABLE_HEAD|FEEDER_BYTES|ANODE_BYTES|BATH_\w+)$/
/** A size, or a place that sizes move. */
const SIZED = /^let \w+: usize = 0$/
/** Counts; the other sizes are places. */
const COUNTS = new Set(['LINING', 'LEDGE', 'NODES', 'ANODES', 'FEEDERS'])

const INFIX: Readonly<Record<string, string>> = {
  add: '+',
  sub: '-',
  mul: '*',
  div: '/',
  'f64x2.add': '+',
  'f64x2.sub': '-',
  'f64x2.mul': '*',
  'f64x2.div': '/',
}
const TYPES: Readonly<Record<string, string>> = {
  usize: 'place',
  i32: 'int',
  i64: 'int64_t',
  f64: 'double',
  v128: 'lanes',
  bool: 'bool',
  void: 'void',
}
/** What cell.c has itself, or has no use for. */
const GIVEN = new Set(['put', 'configure', 'settleTile'])
/** Names that C or its library has taken. */
const TAKEN = new Set(['short', 'exp', 'log', 'pow', 'log10', 'asinh', 'pow10', 'first', 'div'])

interface Declaration {
  readonly module: string
  readonly name: string
  readonly text: string
  readonly inline: boolean
}

/** The header's text. */
export function stepHeader(read = (name: string) => readModule(name)): string {
  const modules = MODULES.map(module => ({ module, text: withoutComments(read(module)) }))
  const all = modules.flatMap(({ module, text }) => declarationsOf(module, text))
  const names = renamings(all)
  const lines = [
    '/* Translated from twin-models/assembly by bench/twin/translate.ts.',
    '   One step of a tile of cells; `place` is an address, `lanes` a vector of cells. */',
    '',
  ]
  const done = new Set<string>()
  for (const { module, text } of modules) {
    lines.push(`/* ${module} */`)
    const own = names.of(module, text)
    const heads: string[] = []
    const bodies: string[] = []
    for (const declaration of all.filter(one => one.module === module)) {
      if (declaration.name in INFIX || GIVEN.has(declaration.name)) continue
      const c = declarationInC(declaration, own)
      if (c === '') continue
      if (done.has(c)) continue
      done.add(c)
      const open = c.indexOf(' {\n')
      heads.push(open < 0 ? c : `${c.slice(0, open)};`)
      if (open >= 0) bodies.push('', c)
    }
    lines.push(...heads, ...bodies, '')
  }
  return `${lines.join('\n').trimEnd()}\n`
}

/** The sizes and places that compiler options set, by name, scaled to tiles of `laneCount`. */
export function sizeOptions(
  sized: readonly (readonly [name: string, value: number])[],
  laneCount: number,
): string[] {
  return sized.map(([name, value]) => {
    const scaled = COUNTS.has(name) ? value : (value / 4) * laneCount
    return `-D${name}=${scaled}`
  })
}

function readModule(name: string): string {
  return readFileSync(path.join(ASSEMBLY, `${name}.ts`), 'utf8')
}

function withoutComments(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/^\s*\/\/.*$/gm, '')
}

function declarationsOf(module: string, text: string): Declaration[] {
  const found = text.matchAll(
    /^(?:@inline\s+)?(?:export )?(?:(?:const|let) (\w+)[^\n]*|function (\w+)\([\s\S]*?^\}|function (\w+)\([^\n]*\}$)/gm,
  )
  return [...found].map(match => ({
    module,
    name: (match[1] ?? match[2] ?? match[3])!,
    text: match[0].replace(/^@inline\s+/, '').replace(/^export /, ''),
    inline: match[0].startsWith('@inline'),
  }))
}

/** New names where C has one room for all modules: the module goes in front of a shared name. */
function renamings(all: readonly Declaration[]) {
  const body = ({ text }: Declaration) => text.replaceAll(/\s+/g, ' ')
  const clashes = (name: string) =>
    TAKEN.has(name) || new Set(all.filter(one => one.name === name).map(body)).size > 1
  const nameOf = ({ module, name, text }: Declaration) =>
    clashes(name) && !SIZED.test(text) ? `${module.replaceAll('-', '_')}_${name}` : name
  return {
    of(module: string, text: string): ReadonlyMap<string, string> {
      const names = new Map<string, string>()
      const add = (from: string, only?: ReadonlySet<string>) => {
        for (const one of all) {
          if (one.module === from && (!only || only.has(one.name))) names.set(one.name, nameOf(one))
        }
      }
      for (const [, list, from] of text.matchAll(/import \{([^}]*)\} from '\.\/([\w-]+)'/g)) {
        add(from!, new Set(list!.split(',').map(name => name.trim())))
      }
      add(module)
      return names
    },
  }
}

function declarationInC(
  { module, name, text, inline }: Declaration,
  names: ReadonlyMap<string, string>,
): string {
  const own = names.get(name)!
  // Sizes are options of the compiler.
  if (SIZED.test(text)) return ''
  const constant = /^const \w+: (\w+) = (.*)$/.exec(text)
  if (constant) {
    const [, type, value] = constant
    const bytes = type === 'usize' && SCALED.has(module) && !UNSCALED.test(name)
    const inC = bytes
      ? `${Number(value) / 8} * sizeof(double) * LANES / 4`
      : expression(value!, names)
    return `static const ${typeInC(type!)} ${own} = ${inC};`
  }
  const head = /^function \w+\(([\s\S]*?)\): (\w+) \{/.exec(text)
  if (!head) throw new Error(`${module}: ${name} is neither constant nor function: ${text}`)
  const parameters = head[1]!
    .split(',')
    .map(part => part.trim())
    .filter(part => part !== '')
    .map(part => {
      const [key, type] = part.split(': ')
      return `${typeInC(type!)} ${local(key!)}`
    })
  const inner = statements(text.slice(head[0].length), new Map(names))
  const kind = inline ? 'INLINE' : 'static'
  return `${kind} ${typeInC(head[2]!)} ${own}(${parameters.join(', ')}) {\n${inner}\n`
}

function typeInC(type: string): string {
  const inC = TYPES[type]
  if (!inC) throw new Error(`the translation to C does not know the type ${type}`)
  return inC
}

const local = (name: string) => (name === 'short' ? 'short_' : name)

function statements(text: string, names: ReadonlyMap<string, string>): string {
  const typed = text
    .replaceAll(/\b(?:let|const) (\w+): (\w+) =/g, (_, name, type) => `${typeInC(type)} ${name} =`)
    .replaceAll(/\b(?:let|const) (\w+) =/g, '__auto_type $1 =')
  return expression(typed, names)
    .split('\n')
    .map(line => line.trimEnd())
    .filter(line => line !== '')
    .join('\n')
    .replaceAll(/([\w)]|\+\+|--)$(?!\n\s*[)+*/,-])/gm, '$1;')
    .replaceAll(/^\s*(?:if|for) \((.*);$/gm, (line, inner) =>
      closing(inner) === inner.length - 1 ? line.slice(0, -1) : line,
    )
}

/** Names, casts, calls and operators of an expression or a list of statements. */
function expression(text: string, names: ReadonlyMap<string, string>): string {
  const plain = text
    .replaceAll(/load<(i32|u32)>/g, 'load32')
    .replaceAll(/<(\w+)>/g, (whole, type) => (type in TYPES ? `(${TYPES[type]})` : whole))
    .replaceAll(/\bf64\.POSITIVE_INFINITY\b/g, 'INFINITY')
    .replaceAll(/\bf64\.NaN\b/g, 'NAN')
  return calls(plain, names)
}

/** Rewrites every call with its arguments, from the outside in. */
function calls(text: string, names: ReadonlyMap<string, string>): string {
  let out = ''
  let rest = text
  for (;;) {
    const match = /(?<![\w.])((?:f64x2|v128|i64x2)\.\w+|[A-Za-z_]\w*)(\()?/.exec(rest)
    if (!match) return out + rest
    out += rest.slice(0, match.index)
    const name = match[1]!
    rest = rest.slice(match.index + match[0].length)
    if (match[2] === undefined) {
      out += names.get(name) ?? local(name)
      continue
    }
    const end = closing(rest)
    const given = rest.slice(0, end)
    rest = rest.slice(end + 1)
    if (name === 'for' || name === 'if') {
      out += `${name} (${calls(given, names)})`
    } else {
      out += call(
        name,
        splitArguments(given).map(part => calls(part, names)),
        names,
      )
    }
  }
}

function call(name: string, given: readonly string[], names: ReadonlyMap<string, string>): string {
  const sign = INFIX[name]
  if (sign) return `(${given[0]} ${sign} ${given[1]})`
  const [kind, operation] = name.split('.')
  if (operation === 'load' || operation === 'store') {
    const offset = given[operation === 'load' ? 1 : 2]
    const at = offset ? `${given[0]} + ${offset}` : given[0]
    return operation === 'load' ? `AT(${at})` : `AT(${at}) = ${given[1]}`
  }
  if (name === 'load32') return `LOAD32(${given.join(' + ')})`
  if (name === 'v128.load64_splat') return `put(LOAD64(${given.join(' + ')}))`
  if (name === 'f64x2.splat') return `put(${given[0]})`
  if (operation) return `${kind === 'i64x2' ? 'whole' : 'lanes'}_${operation}(${given.join(', ')})`
  return `${names.get(name) ?? name}(${given.join(', ')})`
}

function closing(text: string): number {
  let depth = 1
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '(') depth += 1
    if (text[i] === ')') depth -= 1
    if (depth === 0) return i
  }
  throw new Error(`no closing bracket: ${text.slice(0, 80)}`)
}

function splitArguments(text: string): string[] {
  const parts: string[] = []
  let depth = 0
  let part = ''
  for (const c of text) {
    if (c === '(') depth += 1
    if (c === ')') depth -= 1
    if (c === ',' && depth === 0) {
      parts.push(part.trim())
      part = ''
    } else {
      part += c
    }
  }
  if (part.trim() !== '') parts.push(part.trim())
  return parts
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  process.stdout.write(stepHeader())
}
