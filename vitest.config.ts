import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    environment: "node",
    include: ["**/*.test.ts"],
    exclude: ["**/node_modules/**", ".cache/**", "data/**"],
    pool: "forks",
    // Many tests start processes of their own; more workers than cores only make deadlines miss.
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 30_000,
    restoreMocks: true,
    expect: { requireAssertions: true },
  },
});
