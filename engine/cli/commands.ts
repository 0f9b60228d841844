import type { Command } from './command.ts'

/** Commands by name; each is loaded when it is called, so that --help is quick. */
export const COMMANDS: Readonly<Record<string, { summary: string; load: () => Promise<Command> }>> =
  {
    start: {
      summary: 'run the engine, its page, and the simulated plant',
      load: async () => (await import('./start.ts')).startCommand,
    },
    plant: {
      summary: 'run a simulated potline that sends to an engine, or record it to files',
      load: async () => (await import('./plant.ts')).plantCommand,
    },
    replay: {
      summary: 'stream recorded CSV files through the gRPC door',
      load: async () => (await import('./replay.ts')).replayCommand,
    },
    train: {
      summary: 'train an anomaly model on recorded normal running',
      load: async () => (await import('./train.ts')).trainCommand,
    },
    models: {
      summary: 'list, compare, promote, roll back and register anomaly models',
      load: async () => (await import('./models.ts')).modelsCommand,
    },
    score: {
      summary: 'score a CSV file with a detector fitted on files of normal running',
      load: async () => (await import('./score.ts')).scoreCommand,
    },
    evaluate: {
      summary:
        'hold a detector to a public benchmark (tep, skab, nab, three_w) or to simulated potlines',
      load: async () => (await import('./evaluate.ts')).evaluateCommand,
    },
    verify: {
      summary: 'run a stored log again and compare state, alarms and advice, bit for bit',
      load: async () => (await import('./verify.ts')).verifyCommand,
    },
    validate: {
      summary: 'hold the process models against published numbers and exact solutions',
      load: async () => (await import('./validate.ts')).validateCommand,
    },
    simulate: {
      summary: 'run a cell or a line offline from a scenario file into Parquet or CSV',
      load: async () => (await import('./simulate.ts')).simulateCommand,
    },
    chaos: {
      summary: 'kill, pause and cut a running system at random and audit what is left',
      load: async () => (await import('./chaos.ts')).chaosCommand,
    },
    fuzz: {
      summary: 'send malformed input to an engine and to the CSV readers',
      load: async () => (await import('./fuzz.ts')).fuzzCommand,
    },
    bench: {
      summary: 'measure latency, the twin, the detectors, or the alarms of a simulated day',
      load: async () => (await import('./bench.ts')).benchCommand,
    },
  }

/** What `liquidus --help` prints. */
export function overview(): string {
  const width = Math.max(...Object.keys(COMMANDS).map(name => name.length))
  const rows = Object.entries(COMMANDS).map(
    ([name, { summary }]) => `  ${name.padEnd(width)}  ${summary}`,
  )
  return `liquidus COMMAND [options]\n\n${rows.join('\n')}\n\nliquidus COMMAND --help tells more; liquidus --version names the version.\n`
}
