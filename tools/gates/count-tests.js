/**
 * Adds up what the test runs of every package left in `test-results`, and closes with "N passed, N failed".
 * A test file that did not load counts as a failed test. With `--step-failed` something that is no test has failed,
 * and it counts as one where no test did. Exits with 1 when anything failed, and when nothing passed.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";

/**
 * @typedef {{ readonly status: string, readonly assertionResults: readonly { readonly status: string }[] }} TestFile
 * @typedef {{ readonly run: string, readonly packages: number, readonly passed: number, readonly failed: number, readonly skipped: number }} Count
 */

/**
 * One count for each suite and Node version ("test-node20"), over all packages.
 *
 * @param {string} root
 * @returns {Count[]}
 */
function countTests(root) {
  /** @type {Map<string, Count>} */
  const counts = new Map();
  for (const folder of packageFolders(root)) {
    const results = join(folder, "test-results");
    if (!existsSync(results)) continue;
    for (const file of readdirSync(results).filter((name) => name.endsWith(".json"))) {
      const run = file.slice(0, -".json".length);
      const before = counts.get(run) ?? { run, packages: 0, passed: 0, failed: 0, skipped: 0 };
      /** @type {{ readonly testResults: readonly TestFile[] }} */
      const { testResults } = JSON.parse(readFileSync(join(results, file), "utf8"));
      const statuses = testResults.flatMap(({ status, assertionResults }) => {
        const tests = assertionResults.map((test) => test.status);
        return status === "failed" && !tests.includes("failed") ? [...tests, "failed"] : tests;
      });
      const count = (/** @type {string} */ wanted) =>
        statuses.filter((status) => status === wanted).length;
      counts.set(run, {
        run,
        packages: before.packages + 1,
        passed: before.passed + count("passed"),
        failed: before.failed + count("failed"),
        skipped: before.skipped + statuses.length - count("passed") - count("failed"),
      });
    }
  }
  return [...counts.values()].sort((a, b) => (a.run < b.run ? -1 : 1));
}

/** @param {string} root */
function packageFolders(root) {
  const inside = (/** @type {string} */ parent) => {
    const path = join(root, parent);
    return existsSync(path) ? readdirSync(path).map((name) => join(path, name)) : [];
  };
  return [...inside("packages"), ...inside("apps"), ...inside("tools"), join(root, "bench")];
}

const { values: asked, positionals } = parseArgs({
  options: { "step-failed": { type: "boolean", default: false } },
  allowPositionals: true,
});
const counts = countTests(positionals[0] ?? join(import.meta.dirname, "../.."));
for (const { run, packages, passed, failed, skipped } of counts)
  console.log(
    `${run}: ${passed} passed, ${failed} failed, ${skipped} skipped (packages: ${packages})`,
  );
const passed = counts.reduce((sum, count) => sum + count.passed, 0);
const failedTests = counts.reduce((sum, count) => sum + count.failed, 0);
const failed = Math.max(failedTests, asked["step-failed"] ? 1 : 0);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
