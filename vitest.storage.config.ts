import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/conformance/storage/**/*.test.ts"],
    testTimeout: 300_000,
    hookTimeout: 300_000,
    expect: { poll: { timeout: 120_000 } },
    pool: "forks",
    maxWorkers: 1,
  },
});
