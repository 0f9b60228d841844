import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['{engine,twin-models,proto,redis,bench,ui}/**/*.test.ts'],
    pool: 'forks',
    testTimeout: 30_000,
    hookTimeout: 30_000,
    coverage: {
      provider: 'v8',
      include: ['engine/**/*.ts', 'twin-models/**/*.ts'],
      exclude: ['**/*.test.ts', '**/contract.ts', 'twin-models/assembly/**'],
      reporter: ['text-summary', 'json-summary'],
      thresholds: { lines: 80 },
    },
  },
})
