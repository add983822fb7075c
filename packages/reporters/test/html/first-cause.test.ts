import { flow, type SerializedReport, subflow, task } from "@astrum/core";
import { scripted, VirtualClock } from "@astrum/core/testing";
import { describe, expect, it } from "vitest";
import { Run } from "../../page/run.ts";
import { FirstCauses } from "../../src/html/first-cause.ts";
import { pageDataOf } from "../../src/html/from-report.ts";
import { renderHtml } from "../../src/index.ts";

/** In a flow `soft` fails at once, which is tolerated, and `hard` later, which fails the flow. */
async function ran(): Promise<SerializedReport> {
  const clock = new VirtualClock();
  const soft = task("soft", scripted(clock, { ms: 1, throw: "no icon" }), { onFailure: "ignore" });
  const hard = task("hard", scripted(clock, { ms: 5, throw: "no page" }));
  const site = subflow("site", flow("site", { soft, hard }));
  const mail = task("mail", { site }, () => 1);
  const all = flow("all", { mail });
  return (await clock.run(all.run({ clock, failure: "continue" }))).toJSON();
}

describe("Where the failure of a flow began", () => {
  it("is not at what is tolerated in there, though that failed first", async () => {
    const report = await ran();
    const names = report.taskStatistics.map(({ taskName }) => taskName);
    const [soft, hard] = ["soft", "hard"].map((one) => names.find((name) => name.endsWith(one)));
    const tolerated = report.taskStatistics.filter((task) => task.tolerated === true);
    expect(tolerated.map(({ taskName }) => taskName)).toEqual([soft]);
    expect(new FirstCauses(report).of("site")).toBe(hard);
    const run = new Run(pageDataOf(report, "all"));
    expect(names[run.firstCause(names.indexOf("site"))]).toBe(hard);
    expect(run.isTolerated(names.indexOf(String(soft)))).toBe(true);
  });

  it("is told once, with the flow that failed because of it and what that took down", async () => {
    const html = renderHtml(await ran());
    const [, failures = ""] = html.split('<section id="failures"');
    const cards = failures.split("</section>")[0]?.split('<details class="failure') ?? [];
    const [hard = "", soft = ""] = cards.slice(1);
    expect(cards).toHaveLength(3);
    expect(hard).toContain("made site fail");
    expect(hard).toContain("took 1 task down");
    expect(hard).toMatch(/Failed because of it:.*href="#task=site"/s);
    expect(soft).toMatch(/^ warning"/);
    expect(soft).toContain("no icon");
  });

  it("is not at what was cut off, which has no end", async () => {
    const report = await ran();
    const soft = report.taskStatistics.find(({ tolerated }) => tolerated === true);
    Object.assign(soft ?? {}, { status: "abandoned", endAt: null, tolerated: false });
    const names = report.taskStatistics.map(({ taskName }) => taskName);
    const run = new Run(pageDataOf(report, "all"));
    expect(names[run.firstCause(names.indexOf("site"))]).toMatch(/hard$/);
  });
});
