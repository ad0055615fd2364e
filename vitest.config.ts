import { defineConfig } from "vitest/config";

/** What these measure in milliseconds would tell of the tests beside them: they run after all others, one at a time. */
const ALONE = [
  "cli/gateway_process.test.ts",
  "gateway/forward_timeout.test.ts",
  "processors/scrub/hostile.test.ts",
  "pipeline/recovery.test.ts",
  "storage/damage.test.ts",
  "testing/memory.test.ts",
  "testing/abort.test.ts",
  "testing/quota.test.ts",
  "testing/backlog.test.ts",
  "testing/faults/faults.test.ts",
];

export default defineConfig({
  test: {
    environment: "node",
    exclude: ["**/node_modules/**", ".cache/**", "data/**"],
    pool: "forks",
    testTimeout: 30_000,
    hookTimeout: 30_000,
    restoreMocks: true,
    expect: { requireAssertions: true },
    projects: [
      {
        extends: true,
        test: {
          name: "together",
          include: ["**/*.test.ts"],
          exclude: ["**/node_modules/**", ".cache/**", "data/**", ...ALONE],
          // Many tests start processes of their own; more workers than cores only make deadlines miss.
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: { name: "alone", include: ALONE, exclude: ["**/node_modules/**"], maxWorkers: 1, sequence: { groupOrder: 1 } },
      },
    ],
  },
});
