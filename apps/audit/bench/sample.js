/**
 * Draws findings to be judged by hand, the same for the same seed: so many of those that count, so many of those that are
 * told apart, from all audits as if they were one. With each comes the beginning of the text it points to. Judges nothing.
 *
 *     node apps/audit/bench/sample.js 70 30 2026 path/to/tree=path/to/out …
 *
 * Then each folder that was audited and the folder where its findings.json is.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { basename, join } from "node:path";

/** The beginning of a duplicated block tells what it is; some are thousands of lines. */
const linesShown = 20;

const [counting = "70", apart = "30", seed = "1", ...audits] = process.argv.slice(2);

/** @typedef {{ path: string, startLine: number, endLine: number }} Place */
/** @typedef {{ kind: string, path: string, line: number, message: string, apart?: string, occurrences?: Place[] }} Finding */
/** @typedef {{ tree: string, finding: Finding, order: string }} Drawn */

/** @type {Drawn[]} */
const all = [];
for (const audit of audits) {
  const [tree = "", out = ""] = audit.split("=");
  /** @type {{ findings: Finding[] }} */
  const { findings } = JSON.parse(readFileSync(join(out, "findings.json"), "utf8"));
  for (const finding of findings) {
    const { kind, path, line, message } = finding;
    const key = [seed, basename(tree), kind, path, line, message].join(" ");
    all.push({ tree, finding, order: createHash("sha256").update(key).digest("hex") });
  }
}
all.sort((a, b) => (a.order < b.order ? -1 : 1));
draw("that count", Number(counting), (finding) => finding.apart === undefined);
draw("that are told apart", Number(apart), (finding) => finding.apart !== undefined);

/**
 * @param {string} which
 * @param {number} size
 * @param {(finding: Finding) => boolean} belongs
 */
function draw(which, size, belongs) {
  const group = all.filter(({ finding }) => belongs(finding));
  console.log(`\n# ${Math.min(size, group.length)} of ${group.length} ${which}`);
  for (const [index, { tree, finding }] of group.slice(0, size).entries()) {
    const { kind, path, line, message, occurrences = [] } = finding;
    console.log(`\n${index + 1}. ${kind}  ${basename(tree)}/${path}:${line}  ${message}`);
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
