/**
 * What types cost their users: a graph of 1,000 typed tasks must compile, and soon. Prints the time beside the budget;
 * exits with 1 when the graph does not compile, or takes longer. It is the processor's time, because the clock on the
 * wall measures the neighbours too, and it is that of the tasks: what a graph of one takes, which is the engine's own
 * sources, is taken off. Each is measured in a process of its own, cold, as a user's compiler is.
 */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import ts from "typescript";

const TASKS = 1000;
const BUDGET_S = 10;
const [asked] = process.argv.slice(2);
const core = join(import.meta.dirname, "../../packages/core");

/** Each task takes up to five others in every way there is, and uses what it is given as its type. */
/** @param {number} tasks */
function source(tasks) {
  const lines = [
    'import { after, flow, map, optional, pick, settled, task } from "../src/index.ts";',
    'const t0 = task("t0", async () => ({ id: 0, rows: ["a"] }));',
  ];
  for (let at = 1; at < tasks; at++) {
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
    `const big = flow("big", { last: t${tasks - 1} });`,
    "export const last: Promise<number> = big.run().then((done) => done.unwrap().last.id);",
  );
  return lines.join("\n");
}

/**
 * The seconds that the compiler takes.
 *
 * @param {number} tasks
 */
function compile(tasks) {
  const { config } = ts.readConfigFile(join(core, "tsconfig.json"), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, core);
  const file = join(core, "test/thousand-tasks.ts");
  const text = source(tasks);
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
  if (complaints.length > 0) {
    console.error(ts.formatDiagnostics(complaints.slice(0, 10), host));
    throw new Error(`${tasks} typed tasks do not compile: ${complaints.length} problems`);
  }
  return (user + system) / 1e6;
}

/** @param {number} tasks */
function measured(tasks) {
  const told = execFileSync(process.execPath, [import.meta.filename, String(tasks)], {
    encoding: "utf8",
  });
  return Number(told);
}

if (asked === undefined) {
  const engine = measured(1);
  let seconds = Number.POSITIVE_INFINITY;
  // Neighbours make it slower, never faster.
  for (let time = 0; time < 3 && seconds > BUDGET_S; time++) {
    seconds = Math.min(seconds, measured(TASKS) - engine);
  }
  console.log(
    `${TASKS} typed tasks compile in ${seconds.toFixed(1)} s of processor time, the budget is ${BUDGET_S} s; the engine's own sources take ${engine.toFixed(1)} s`,
  );
  process.exitCode = seconds > BUDGET_S ? 1 : 0;
} else {
  console.log(compile(Number(asked)));
}
