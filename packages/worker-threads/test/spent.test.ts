/** What a function in a thread has spent is told to the run that it belongs to. */
import { flow, RateLimit, task } from "@astrum/core";
import { expect, test } from "vitest";
import { workerModule } from "../src/index.ts";
import { openPool } from "./rig.ts";

interface Spending {
  spends(input: object): void;
  spendsElsewhere(input: object): void;
}
const spending = workerModule<Spending>(new URL("./modules/hostile.js", import.meta.url));

test("spent() in a thread corrects what the attempt took", async () => {
  const pool = openPool();
  const llm = new RateLimit({ limit: 10, perMs: Number.POSITIVE_INFINITY });
  const first = task("first", pool.task(spending.spends), { resources: { llm: 10 } });
  const left = task("left", { first }, () => "two are left", { resources: { llm: 2 } });
  const report = await flow("f", { left }).run({ resources: { llm } });
  expect(report.unwrap().left).toBe("two are left");
  const over = await flow("g", { one: task("one", () => 1, { resources: { llm: 1 } }) }).run({
    resources: { llm },
  });
  expect(over.errorSummary).toEqual([expect.stringContaining("is exhausted")]);
});

test("spent() of a rate limit that the run does not have fails the attempt", async () => {
  const pool = openPool();
  const only = task("only", pool.task(spending.spendsElsewhere));
  const report = await flow("f", { only }).run({ resources: {} });
  expect(report.errorSummary).toEqual([expect.stringContaining("has no rate limit of that name")]);
});
