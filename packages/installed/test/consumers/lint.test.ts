/** typescript-eslint with the rules that need types, on ordinary use of every package. */
import { expect, test } from "vitest";
import { bin, user } from "./user.ts";

const program = `
  import { DynamicScheduler, flow, map, optional, param, pick, Semaphore, settled, stopOnSignals, task, value } from "@astrum/core";
  import { testRun, VirtualClock } from "@astrum/core/testing";
  import { otelObserver } from "@astrum/otel";
  import { eventLog, readEventLog, renderHtml, reporters } from "@astrum/reporters";
  import { printSummary, progress as bar } from "@astrum/reporters/terminal";
  import { createWorkerPool, workerModule } from "@astrum/worker-threads";

  const day = param<string>("day");
  const list = task("list", { day }, async ({ day }, { defer, log, progress, signal, skip, spent, remainingMs }) => {
    defer(() => log(day));
    await fetch("http://localhost", { signal });
    if (remainingMs() < 5) skip("too late");
    progress(0.5);
    spent("llm", 2);
    return [1, 2, 3];
  });
  const doubled = map("doubled", list, (item, index) => item * index, { concurrency: 2, key: (item) => String(item) });
  const closed = task("closed", () => undefined);
  const sum = task(
    "sum",
    { doubled: settled(doubled), first: pick(list, 0), maybe: optional(list), two: value(2) },
    ({ doubled, first, maybe, two }) => (doubled.status === "completed" ? doubled.value.length : 0) + first + two + (maybe?.length ?? 0),
    { retry: { attempts: 2, retryIf: (error) => error instanceof TypeError } },
  );
  const nightly = flow("nightly", { sum }, { finally: { closed } });

  const images = workerModule<{ size(input: { readonly width: number }): number }>(new URL("./images.js", import.meta.url));
  const pool = createWorkerPool({ threads: 2 });
  const sized = task("sized", { width: value(3) }, pool.task(images.size));

  const shared = new Semaphore(2);
  const log = eventLog("run.ndjson");
  const { journal, observer } = log;
  const { cancel, cancelTask, events, report, snapshot } = nightly.start({ params: { day: "mon" }, journal, observers: [observer, bar(), otelObserver()] });
  cancelTask("sum");
  cancel("enough");
  for await (const event of events()) console.log(event.type, snapshot().executionState);
  const { errorSummary, executionState, outcome, taskStatistics, toJSON, unwrap } = await report;
  if (executionState === "completed") console.log(unwrap().sum, errorSummary, outcome("sum").status, toJSON().totalTasks);
  console.log(taskStatistics.filter(({ status }) => status === "failed").map(({ taskName }) => taskName));
  printSummary(await nightly.run({ params: { day: "tue" }, resumeFrom: readEventLog("run.ndjson"), runner: pool.runner() }));
  console.log(nightly.plan().explain(), renderHtml(await stopOnSignals(nightly.start({ params: { day: "wed" } }))));
  for (const { name, render } of Object.values(reporters)) console.log(name, render(await report));

  const clock = new VirtualClock();
  console.log((await testRun(flow("threads", { sized }), { clock })).unwrap().sized);
  const release = await shared.acquire(1);
  release();
  await new DynamicScheduler([["a", () => 1]], [{ taskName: "a" }]).execute();
  log.close();
  await pool.close();
`;

test("recommendedTypeChecked of typescript-eslint has nothing to say", async () => {
  const app = user("linted", {
    "package.json": { name: "app", private: true, type: "module" },
    "tsconfig.json": {
      compilerOptions: {
        target: "es2022",
        lib: ["es2023"],
        module: "nodenext",
        strict: true,
        noEmit: true,
        types: ["node"],
      },
      files: ["main.ts"],
    },
    "main.ts": program,
    "eslint.config.mjs": `
      import { configs } from "typescript-eslint";
      export default [
        ...configs.recommendedTypeChecked,
        { languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } } },
      ];`,
  });
  const types = await app.run(
    process.execPath,
    [bin("typescript", "bin/tsc"), "--pretty", "false"],
    {
      mayFail: true,
    },
  );
  expect(types.stdout).toBe("");
  const linted = await app.run(
    process.execPath,
    [bin("eslint", "bin/eslint.js"), "main.ts", "--format", "json"],
    { mayFail: true },
  );
  const [file] = JSON.parse(linted.stdout) as [
    { messages: { line: number; ruleId: string; message: string }[] },
  ];
  const said = file.messages.map(({ line, ruleId, message }) => [line, ruleId, message].join(" "));
  expect(said).toEqual([]);
});
