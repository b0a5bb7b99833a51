// Not tests: the pictures of README, from the running pages.
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['screenshots/**/*.shots.ts'],
    environment: 'node',
    globalSetup: ['src/demonstration.ts'],
    testTimeout: 120_000,
    hookTimeout: 60_000,
    fileParallelism: false,
  },
});
