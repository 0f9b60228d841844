import { defineConfig } from 'vitest/config'

/** Tests of the whole: real processes, real stores, a real browser. One at a time. */
export default defineConfig({
  test: {
    include: ['system/**/*.system.ts'],
    pool: 'forks',
    fileParallelism: false,
    testTimeout: 240_000,
    hookTimeout: 120_000,
  },
})
