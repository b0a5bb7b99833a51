import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['journeys/**/*.test.ts'],
    environment: 'node',
    globalSetup: ['src/demonstration.ts'],
    testTimeout: 120_000,
    hookTimeout: 60_000,
    // One platform and one browser at a time: together they fill two cores.
    fileParallelism: false,
  },
});
