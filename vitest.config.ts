import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 20_000,
    hookTimeout: 120_000,
    // Two workers: the engines under test need the other core.
    maxWorkers: 2,
    pool: 'forks',
  },
})
