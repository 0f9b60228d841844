import { readdirSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'

/** Who may import whom: a folder or file, and what it may reach besides itself. */
const LAYERS: Readonly<Record<string, readonly string[]>> = {
  'twin-models': [],
  proto: [],
  'engine/core': ['engine/flow.ts', 'engine/load.ts'],
  'engine/flow.ts': ['engine/load.ts', 'twin-models/model.ts'],
  'engine/load.ts': [],
  'engine/config.ts': ['engine/core'],
  'engine/log.ts': ['engine/config.ts'],
  'engine/version.ts': ['engine/flow.ts', 'engine/training/shelf.ts'],
  'engine/config.test.ts': ['engine'],
  'engine/log.test.ts': ['engine'],
  'engine/pipeline.test.ts': ['engine'],
  'engine/folding.test.ts': ['engine'],
  'engine/lines/potline.ts': ['engine/flow.ts'],
  'engine/lines': [
    'engine/core',
    'engine/flow.ts',
    'engine/load.ts',
    'engine/pipeline.ts',
    'engine/store/port.ts',
  ],
  'engine/pipeline.ts': ['engine/flow.ts', 'engine/lines'],
  'engine/store': ['engine/core', 'engine/flow.ts'],
  redis: ['engine/core', 'engine/flow.ts', 'engine/store'],
  'engine/ingest': [
    'engine/core',
    'engine/flow.ts',
    'engine/load.ts',
    'engine/lines/potline.ts',
    'proto',
  ],
  'engine/client': ['engine/core', 'engine/flow.ts', 'proto'],
  'engine/twin': ['engine/core', 'engine/flow.ts', 'engine/lines/potline.ts', 'twin-models'],
  'engine/anomaly': ['engine/core', 'engine/flow.ts', 'engine/lines/potline.ts'],
  'engine/advice': ['engine/core', 'engine/flow.ts', 'engine/lines/potline.ts'],
  'engine/outputs': ['engine/core', 'engine/flow.ts', 'engine/load.ts', 'engine/access'],
  'engine/access': ['engine/core', 'engine/flow.ts'],
  'engine/telemetry': ['engine/core', 'engine/flow.ts', 'engine/load.ts', 'engine/store/port.ts'],
  'engine/training': ['engine/core', 'engine/flow.ts', 'engine/anomaly'],
  'engine/validation': ['engine/core', 'twin-models'],
  'engine/simulate': ['engine/core', 'twin-models'],
  'engine/evaluation': ['engine/core', 'engine/flow.ts', 'engine/anomaly', 'engine/training'],
  // Runs whole lines through the product, as an engine does.
  'engine/evaluation/potline': ['engine'],
  'engine/sim': ['engine/core', 'engine/flow.ts', 'engine/lines/potline.ts', 'engine/client'],
  'engine/replay': ['engine/core', 'engine/flow.ts', 'engine/lines', 'engine/client'],
  'engine/main.ts': ['engine', 'redis'],
  'engine/folding.ts': ['engine'],
  'engine/fold-places.ts': ['engine'],
  'engine/fold-thread.ts': ['engine'],
  'engine/cli': ['engine', 'redis', 'bench'],
  'engine/cli.ts': ['engine'],
  'engine/tools': ['engine', 'redis', 'twin-models'],
  ui: [
    'engine/flow.ts',
    'engine/core/clock.ts',
    'engine/core/units.ts',
    'engine/outputs/websocket/protocol.ts',
  ],
  bench: ['engine', 'redis', 'twin-models'],
  system: ['engine', 'redis', 'bench', 'proto'],
}

/** Which folder may name which package. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  ioredis: ['redis'],
  lmdb: ['engine/store'],
  '@grpc/': ['engine/ingest', 'engine/client'],
  'grpc-health-check': ['engine/ingest'],
  protobufjs: ['engine/ingest', 'engine/client', 'engine/anomaly/onnx', 'proto'],
  'onnxruntime-web': ['engine/anomaly/onnx'],
  ws: ['engine/outputs', 'bench', 'system'],
  fastify: ['engine/outputs', 'bench/peers'],
  '@fastify/': ['engine/outputs'],
  'node-opcua': ['engine/outputs/opcua', 'system'],
  '@tensorflow/': ['engine/anomaly/tensorflow', 'engine/training'],
  'ml-matrix': ['engine/anomaly', 'engine/training'],
  'hyparquet-writer': ['engine/simulate'],
  vega: ['engine/validation'],
  'vega-lite': ['engine/validation'],
  assemblyscript: ['engine/tools'],
  binaryen: ['engine/tools'],
  rxjs: [
    'engine/pipeline.ts',
    'engine/lines',
    'engine/flow.ts',
    'engine/outputs',
    'engine/main.ts',
  ],
  react: ['ui'],
  uplot: ['ui'],
  zod: ['engine/config.ts', 'engine/outputs/http', 'engine/simulate'],
  'prom-client': ['engine/outputs'],
  '@opentelemetry/': ['engine/telemetry'],
  pino: ['engine/main.ts', 'engine/log.ts', 'engine/outputs'],
}

/** What only one place may do, and what to do elsewhere. */
const ONLY_IN: readonly (readonly [pattern: RegExp, places: readonly string[], cure: string])[] = [
  [
    /\bDate\.now\(|\bnew Date\(\)|\bperformance\.now\(/,
    ['engine/core/clock.ts', 'ui', 'bench', 'system'],
    'take a Clock',
  ],
  [/\bMath\.random\(/, ['engine/core/random.ts'], 'take a Random'],
  [
    /\bprocess\.env\b/,
    ['engine/config.ts', 'engine/tools', 'bench', 'system'],
    'take it from the configuration',
  ],
  [
    /\b(timeout|latency|interval|duration|temperature|voltage|current|power)\??: number\b/,
    [],
    'name the unit: power_W, timeout_ms',
  ],
]
const NUMERICS_ONLY: readonly (readonly [pattern: RegExp, cure: string])[] = [
  [
    /\*\*(?!\/)|Math\.pow\(/,
    'use the own pow of kernels: the last bits differ between Node versions',
  ],
]
const FORBIDDEN_NAME = /(^|[/-])(utils?|helpers?|common|misc|manager|index)(\.|\/|$)/

interface SourceFile {
  readonly file: string
  readonly text: string
  readonly imports: readonly string[]
}

const ROOT = path.resolve(import.meta.dirname, '..', '..')
const sources = ['engine', 'twin-models', 'proto', 'redis', 'ui', 'bench', 'system'].flatMap(
  folder => walk(folder),
)

function walk(folder: string): SourceFile[] {
  return readdirSync(path.join(ROOT, folder)).flatMap(name => {
    const file = `${folder}/${name}`
    if (name === 'node_modules' || name === 'dist' || name === 'gen' || name === 'assembly')
      return []
    if (statSync(path.join(ROOT, file)).isDirectory()) return walk(file)
    if (!/\.tsx?$/.test(name)) return []
    const text = readFileSync(path.join(ROOT, file), 'utf8')
    return [{ file, text, imports: importsOf(file, text) }]
  })
}

function importsOf(file: string, text: string): string[] {
  const found = text.matchAll(
    /(?:^|\n)\s*(?:import|export)\b[^'"\n;]*(?:\n[^'";\n]*)*?from\s*['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]\s*\)/g,
  )
  return [...found].map(match => {
    const name = (match[1] ?? match[2])!
    if (name.startsWith('#')) return name.slice(1)
    if (name.startsWith('.')) return path.posix.normalize(`${path.posix.dirname(file)}/${name}`)
    return `package:${name}`
  })
}

const within = (file: string, place: string) => file === place || file.startsWith(`${place}/`)
/** Tests and what only tests import: contract kits, fixtures, crash writers, test servers. */
const isTest = (file: string) =>
  /\.(test|system)\.tsx?$|\/(contract|crash|fixture|test)[\w-]*\.ts$|-fixture\.ts$/.test(file) ||
  TEST_SUPPORT.has(file)
const TEST_SUPPORT = new Set(['engine/ingest/memory-intake.ts', 'engine/store/pattern.ts'])
/** The one file that every stage imports may be longer than the others. */
const LONG_FILES = new Set(['engine/flow.ts'])

/** The most specific layer that holds the file. */
function layerOf(file: string): string | undefined {
  return Object.keys(LAYERS)
    .filter(layer => within(file, layer))
    .sort((a, b) => b.length - a.length)[0]
}

describe('the house', () => {
  it('keeps its layers', () => {
    const problems = sources.flatMap(({ file, imports }) => {
      const layer = layerOf(file)
      if (!layer) return [`${file}: belongs to no layer of tidy.test.ts`]
      if (isTest(file)) return []
      return imports
        .filter(name => !name.startsWith('package:') && !within(name, layer))
        .filter(name => !LAYERS[layer]!.some(allowed => within(name, allowed)))
        .map(name => `${file}: ${layer} may not import ${name}`)
    })
    expect(problems).toEqual([])
  })

  it('names each package only where it belongs', () => {
    const problems = sources.flatMap(({ file, imports }) =>
      imports
        .filter(name => name.startsWith('package:') && !isTest(file))
        .flatMap(name => {
          const bare = name.slice('package:'.length)
          const rule = Object.keys(PACKAGES).find(
            key => bare === key || bare.startsWith(key.endsWith('/') ? key : `${key}/`),
          )
          if (!rule || PACKAGES[rule]!.some(place => within(file, place))) return []
          return [`${file}: only ${PACKAGES[rule]!.join(', ')} may use ${bare}`]
        }),
    )
    expect(problems).toEqual([])
  })

  it('takes time, chance and environment from where they are handed in', () => {
    const problems = sources
      .filter(({ file }) => !isTest(file))
      .flatMap(({ file, text }) =>
        text.split('\n').flatMap((line, i) => {
          const bad = ONLY_IN.filter(
            ([pattern, places]) => pattern.test(line) && !places.some(place => within(file, place)),
          ).map(([, , cure]) => cure)
          if (within(file, 'twin-models')) {
            for (const [pattern, cure] of NUMERICS_ONLY) if (pattern.test(line)) bad.push(cure)
          }
          const comment = /^\s*(\/\/|\*|\/\*)/.test(line)
          return comment ? [] : bad.map(cure => `${file}:${i + 1}: ${cure}`)
        }),
      )
    expect(problems).toEqual([])
  })

  it('keeps files short and well named', () => {
    const problems = sources.flatMap(({ file, text }) => {
      const count = text.split('\n').length
      return [
        ...(count > 400 && !LONG_FILES.has(file)
          ? [`${file}: ${count} lines; one idea a file, 400 at most`]
          : []),
        ...(FORBIDDEN_NAME.test(file) ? [`${file}: name it after what it does`] : []),
        ...(/^export default/m.test(text) && !/\.config\.ts$/.test(file)
          ? [`${file}: no default export`]
          : []),
      ]
    })
    expect(problems).toEqual([])
  })

  it('reaches every file from an entry point without the help of a test', () => {
    const entries = [
      'engine/cli.ts',
      'engine/fold-thread.ts',
      'engine/training/check-thread.ts',
      'engine/evaluation/potline/worker.ts',
      'ui/src/main.tsx',
      'ui/vite.config.ts',
      'engine/tools/require.ts',
      'engine/tools/generate-docs.ts',
      'engine/tools/build-wasm.ts',
      // The client is also an interface for others.
      'engine/client/write-readings.ts',
      'system/screenshot.ts',
    ]
    const byFile = new Map(sources.map(source => [source.file, source]))
    const reached = new Set<string>()
    const visit = (file: string): void => {
      if (reached.has(file)) return
      reached.add(file)
      for (const name of byFile.get(file)?.imports ?? []) if (byFile.has(name)) visit(name)
    }
    for (const entry of entries) visit(entry)
    const dead = sources
      .map(({ file }) => file)
      .filter(file => !reached.has(file) && !isTest(file) && !/\.d\.ts$/.test(file))
      .filter(file => !within(file, 'system'))
    expect(dead).toEqual([])
  })

  it('pins exact versions', () => {
    const manifest = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as Record<
      'dependencies' | 'devDependencies',
      Record<string, string>
    >
    const loose = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies }).filter(
      ([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version),
    )
    expect(loose).toEqual([])
  })
})
