/**
 * One report of two regions: the flow of a region is written once and used twice, with another code each time. One region
 * has no data: it is told, and the other is reported.
 *
 *     node main.js
 */
import { flow, param, settled, subflow, summarizeError, task, value } from "@astrum/core";

/** @type {Readonly<Record<string, readonly number[]>>} */
const SALES = { eu: [120, 80, 300], us: [] };

const code = /** @type {import("@astrum/core").Param<string>} */ (param("code"));

const load = task("load", { code }, async ({ code }) => {
  await new Promise((resolve) => setTimeout(resolve, 2));
  return SALES[code] ?? [];
});
const total = task("total", { load }, ({ load }) => {
  if (load.length === 0) throw new Error("there are no sales");
  return load.reduce((sum, one) => sum + one, 0);
});
const best = task("best", { load }, ({ load }) => Math.max(...load));
const region = flow("region", { total, best });

const eu = subflow("eu", region, { code: value("eu") }, { onFailure: "ignore" });
const us = subflow("us", region, { code: value("us") }, { onFailure: "ignore" });

const lines = task("lines", { eu: settled(eu), us: settled(us) }, (regions) =>
  Object.entries(regions).map(([name, outcome]) => {
    if (outcome.status === "completed")
      return `${name}: ${outcome.value.total}, best ${outcome.value.best}`;
    return `${name}: ${outcome.status === "failed" ? summarizeError(outcome.error) : outcome.status}`;
  }),
);

const report = flow("report", { lines });
console.log(`${report.plan().totalTasks} tasks are planned`);
const done = await report.run();
for (const line of done.unwrap().lines) console.log(`  ${line}`);
