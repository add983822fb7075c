/**
 * Draws findings to be judged by hand: of each kind so many, the same for the same seed. With each comes the beginning
 * of the text it points to, but for secrets, which nobody should print. Judges nothing.
 *
 *     node apps/audit/bench/sample.js 50 1 path/to/tree=path/to/out …
 *
 * The first number is how many of a kind, the second the seed; then each folder that was audited and the folder where its
 * findings.json is. Several are drawn from as if they were one.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { basename, join } from "node:path";

/** The beginning of a duplicated block tells what it is; some are thousands of lines. */
const linesShown = 20;

const [size = "50", seed = "1", ...audits] = process.argv.slice(2);

/** @typedef {{ path: string, startLine: number, endLine: number }} Place */
/** @typedef {{ kind: string, path: string, line: number, message: string, occurrences?: Place[] }} Finding */
/** @typedef {{ tree: string, finding: Finding, order: string }} Drawn */

/** @type {Map<string, Drawn[]>} */
const byKind = new Map();
for (const audit of audits) {
  const [tree = "", out = ""] = audit.split("=");
  /** @type {{ findings: Finding[] }} */
  const { findings } = JSON.parse(readFileSync(join(out, "findings.json"), "utf8"));
  for (const finding of findings) {
    const { kind, path, line, message } = finding;
    const key = [seed, basename(tree), kind, path, line, message].join("\0");
    const order = createHash("sha256").update(key).digest("hex");
    byKind.set(kind, [...(byKind.get(kind) ?? []), { tree, finding, order }]);
  }
}
for (const [kind, all] of byKind) {
  const drawn = all.sort((a, b) => (a.order < b.order ? -1 : 1)).slice(0, Number(size));
  console.log(`\n# ${kind}: ${drawn.length} of ${all.length}`);
  for (const [index, { tree, finding }] of drawn.entries()) {
    const { path, line, message, occurrences = [] } = finding;
    console.log(`\n${index + 1}. ${basename(tree)}/${path}:${line}  ${message}`);
    if (kind === "secrets" || kind === "oversized" || kind === "binary") continue;
    const [first = { path, startLine: line, endLine: line }] = occurrences;
    show(tree, first);
  }
}

/**
 * @param {string} tree
 * @param {Place} place
 */
function show(tree, { path, startLine, endLine }) {
  const lines = readFileSync(join(tree, path), "utf8").split(/\r\n|\n|\r/);
  const excerpt = lines.slice(startLine - 1, Math.min(endLine, startLine - 1 + linesShown));
  for (const line of excerpt) console.log(`   | ${line.slice(0, 160)}`);
  if (endLine - startLine >= linesShown) console.log("   | …");
}
