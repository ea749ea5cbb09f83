import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["src/**/*.test.ts", "sdk/src/**/*.test.ts", "test/{scenarios,golden,hostile}/**/*.test.ts"],
    // Patience, not a limit: a loaded machine takes long, and nothing here asserts on time.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    expect: { poll: { timeout: 240_000 } },
    pool: "forks",
    maxWorkers: 2,
  },
});
