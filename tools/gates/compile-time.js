/**
 * What types cost their users: a graph of 1,000 typed tasks must compile, and soon. Prints the time beside the budget;
 * exits with 1 when the graph does not compile, or takes three times the budget. It is the processor's time, because
 * the clock on the wall measures the neighbours too.
 */
import { join } from "node:path";
import ts from "typescript";

const TASKS = 1000;
const BUDGET_S = 10;
const core = join(import.meta.dirname, "../../packages/core");

/** Each task takes up to five others in every way there is, and uses what it is given as its type. */
function source() {
  const lines = [
    'import { after, flow, map, optional, pick, settled, task } from "../src/index.ts";',
    'const t0 = task("t0", async () => ({ id: 0, rows: ["a"] }));',
  ];
  for (let at = 1; at < TASKS; at++) {
    const before = (/** @type {number} */ back) => `t${Math.max(0, at - back)}`;
    if (at % 10 === 0) {
      lines.push(
        `const m${at} = map("m${at}", pick(${before(1)}, "rows"), (row, index) => row.length + index);`,
        `const t${at} = task("t${at}", { m: m${at} }, ({ m }) => ({ id: m.length, rows: m.map(String) }));`,
      );
      continue;
    }
    lines.push(
      `const t${at} = task("t${at}", { a: ${before(1)}, b: pick(${before(2)}, "id"), c: optional(${before(3)}), d: settled(${before(5)}), _: after(${before(7)}) }, async ({ a, b, c, d }, { signal }) => {`,
      "  signal.throwIfAborted();",
      '  const rows = d.status === "completed" ? d.value.rows : [];',
      "  return { id: a.id + b + (c?.id ?? 0), rows: [...a.rows, ...rows] };",
      `}, { retry: 2, when: ({ b }) => b >= 0, tags: ["t${at}"] });`,
    );
  }
  lines.push(
    `const big = flow("big", { last: t${TASKS - 1} });`,
    "export const last: Promise<number> = big.run().then((done) => done.unwrap().last.id);",
  );
  return lines.join("\n");
}

const { config } = ts.readConfigFile(join(core, "tsconfig.json"), ts.sys.readFile);
const { options } = ts.parseJsonConfigFileContent(config, ts.sys, core);
const file = join(core, "test/thousand-tasks.ts");
const text = source();
const disk = ts.createCompilerHost(options);
/** @type {ts.CompilerHost} */
const host = {
  ...disk,
  fileExists: (name) => name === file || disk.fileExists(name),
  getSourceFile: (name, version) =>
    name === file ? ts.createSourceFile(name, text, version) : disk.getSourceFile(name, version),
};

const from = process.cpuUsage();
const program = ts.createProgram(
  [file],
  { ...options, declaration: false, isolatedDeclarations: false },
  host,
);
const complaints = ts.getPreEmitDiagnostics(program);
const { user, system } = process.cpuUsage(from);
const seconds = (user + system) / 1e6;

if (complaints.length > 0) {
  console.error(ts.formatDiagnostics(complaints.slice(0, 10), host));
  console.error(`${TASKS} typed tasks do not compile: ${complaints.length} problems`);
} else {
  console.log(
    `${TASKS} typed tasks compile in ${seconds.toFixed(1)} s of processor time, the engine's own sources included; the budget is ${BUDGET_S} s`,
  );
}
process.exitCode = complaints.length > 0 || seconds > 3 * BUDGET_S ? 1 : 0;
