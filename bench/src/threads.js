/** An empty call to a thread against a bare pool: measured by the benchmark of `packages/worker-threads`, in a process of its own. */
import { execFile } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const ROW = /^nothing, (.+?) +[\d.]+ +[\d.]+ +([\d.]+)x$/gm;

/** @param {string | undefined} checkout */
export function threads(checkout) {
  const folder =
    checkout === undefined
      ? dirname(fileURLToPath(import.meta.resolve("@astrum/worker-threads/package.json")))
      : join(checkout, "packages/worker-threads");
  /** @type {import("./figures.js").Section} */
  return async () => {
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ["bench/round-trip.js", "--brief"],
      { cwd: folder },
    );
    const rows = [...stdout.matchAll(ROW)];
    if (rows.length === 0) throw new Error(`There is no empty call in\n${stdout}`);
    return rows.map(([, of = "", ratio]) => ({
      row: "empty call to a thread, against a bare pool",
      of,
      value: Number(ratio),
      unit: /** @type {const} */ ("×"),
    }));
  };
}
