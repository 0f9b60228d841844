import { defineConfig } from 'vitest/config'

/** Tests of pure code: no process, socket or file of theirs outlives them, so they share a thread. */
const PURE = ['twin-models', 'engine/{twin,advice,core}'].map(folder => `${folder}/**/*.test.ts`)

export default defineConfig({
  test: {
    pool: 'forks',
    maxWorkers: '100%',
    testTimeout: 30_000,
    hookTimeout: 30_000,
    projects: [
      { extends: true, test: { name: 'pure', include: PURE, isolate: false } },
      {
        extends: true,
        test: {
          name: 'apart',
          include: ['{engine,twin-models,proto,redis,bench,ui}/**/*.test.ts'],
          exclude: PURE,
        },
      },
    ],
    coverage: {
      provider: 'v8',
      include: ['engine/**/*.ts', 'twin-models/**/*.ts'],
      exclude: ['**/*.test.ts', '**/contract.ts', 'twin-models/assembly/**'],
      reporter: ['text-summary', 'json-summary'],
      thresholds: { lines: 80 },
    },
  },
})
