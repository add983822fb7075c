import { flow, task } from "@astrum/core";
import { scripted, VirtualClock } from "@astrum/core/testing";
import { beforeAll, describe, expect, it } from "vitest";
import { Filter } from "../../page/filter.ts";
import { Run } from "../../page/run.ts";
import { pageDataOf } from "../../src/html/from-report.ts";

let run: Run;

beforeAll(async () => {
  const clock = new VirtualClock();
  const short = task("short", scripted(clock, { ms: 90_000 }));
  const long = task("long", scripted(clock, { ms: 7_200_000 }));
  const soft = task("soft", scripted(clock, { ms: 1, throw: "no icon" }), { onFailure: "ignore" });
  const all = flow("all", { short, long, soft });
  run = new Run(pageDataOf((await clock.run(all.run({ clock }))).toJSON(), "all"));
});

function found(text: string): string[] {
  const choice = { text, statuses: new Set<never>(), critical: false, flaky: false };
  return Array.from(new Filter(run).matches(choice)).flatMap((one, task) =>
    one === 1 ? run.name(task) : [],
  );
}

describe("A filter by time", () => {
  it("knows every unit that the page writes, and milliseconds without one", () => {
    expect(found(">2min")).toEqual(["long"]);
    expect(found(">2m")).toEqual(["long"]);
    expect(found(">1.5h")).toEqual(["long"]);
    expect(found(">80s")).toEqual(["short", "long"]);
    expect(found("<100")).toEqual(["soft"]);
  });
});

describe("A filter by words", () => {
  it("finds what is tolerated by the word that the list says of it", () => {
    expect(found("tolerated")).toEqual(["soft"]);
  });
});
