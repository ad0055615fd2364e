import { defineConfig } from "vitest/config";

/** For `npm run bench -- --micro`. Modules are imported by Node itself: vitest's own way of importing costs more than some of the steps. */
export default defineConfig({
  test: {
    root: import.meta.dirname,
    benchmark: { include: ["*.bench.ts"] },
    experimental: { viteModuleRunner: false },
    expect: { requireAssertions: true },
    testTimeout: 30_000,
  },
});
