import { flow, task } from "@astrum/core";
import { VirtualClock } from "@astrum/core/testing";
import { describe, expect, it } from "vitest";
import { renderHtml } from "../src/index.ts";

const clock = new VirtualClock();
let calls: string[] = [];

function nightly(fails: boolean, version = "1") {
  const called = (name: string) => () => {
    calls.push(name);
    if (name === "two" && fails) throw new Error("not now");
    return name;
  };
  const one = task("one", called("one"), { version });
  return flow("nightly", { two: task("two", { one }, called("two")) });
}

async function failed() {
  const report = await clock.run(nightly(true).run({ clock, runId: "monday" }));
  calls = [];
  return report.toJSON({ outputs: true });
}

/** The first thing on the page. */
function firstScreen(html: string): string {
  return html.slice(html.indexOf("<header"), html.indexOf("</header>"));
}

describe("the first screen of a resumed run", () => {
  it("says which run it took up, what was not called again, and what was", async () => {
    const resumeFrom = await failed();
    const report = await clock.run(nightly(false).run({ clock, resumeFrom }));
    expect(calls).toEqual(["two"]);
    expect(firstScreen(renderHtml(report.toJSON()))).toContain(
      '<p class="lead resumed">Resumed from the run <code>monday</code>: 1 task of 2 was restored and not called again, 1 had to run again. <a href="#about">Which, and why</a></p>',
    );
  });

  it("leads to the section with the reasons", async () => {
    const resumeFrom = await failed();
    const report = await clock.run(nightly(false).run({ clock, resumeFrom }));
    const html = renderHtml(report.toJSON());
    const about = html.slice(html.indexOf('<section id="about"'));
    expect(about).toContain("<summary>Run again</summary>");
  });

  it("says that nothing was saved, when nothing was", async () => {
    const resumeFrom = await failed();
    const report = await clock.run(nightly(false, "2").run({ clock, resumeFrom }));
    expect(calls).toEqual(["one", "two"]);
    expect(firstScreen(renderHtml(report.toJSON()))).toContain(
      ": nothing of it could be restored, 2 had to run again.",
    );
  });

  it("speaks of no other run when there was none", async () => {
    const report = await clock.run(nightly(false).run({ clock }));
    expect(firstScreen(renderHtml(report.toJSON()))).not.toContain("Resumed");
  });
});
