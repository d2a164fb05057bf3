import { defineConfig } from 'vitest/config'
import { LongestFirst } from './test/support/longest-first.ts'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // On a busy machine a test waits for others; one that hangs still ends.
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // On two cores: half of the long files wait for clocks and for servers that are away, and leave the cores to the others.
    maxWorkers: 3,
    pool: 'forks',
    sequence: { sequencer: LongestFirst },
    globalSetup: ['test/crash/drill/whole-report.ts'],
  },
})
