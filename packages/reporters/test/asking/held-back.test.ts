import { flow, map, type SerializedReport, task } from "@astrum/core";
import { scripted, VirtualClock } from "@astrum/core/testing";
import { describe, expect, it } from "vitest";
import { heldBack } from "../../src/asking/held-back.ts";
import { insight } from "../../src/asking/insight.ts";
import { renderHtml, renderText } from "../../src/index.ts";

/** Six pages of 100, 200, 300, 100, 200 and 300 ms, a place in the map for as many as the limit says. */
async function mapped(limit: number | undefined): Promise<SerializedReport> {
  const clock = new VirtualClock();
  const pages = task("pages", scripted(clock, { ms: 10, return: [1, 2, 3, 1, 2, 3] }));
  const fetch = map(
    "fetch",
    pages,
    (page: number, _, context) => scripted(clock, { ms: page * 100, return: page })({}, context),
    limit === undefined ? {} : { concurrency: limit },
  );
  const last = task("last", { fetch }, scripted(clock, { ms: 50, return: 1 }));
  return (await clock.run(flow("pages", { last }).run({ clock }))).toJSON();
}

/** Three loads of 100 ms into a warehouse for so many at a time. */
async function loaded(warehouse: number): Promise<SerializedReport> {
  const clock = new VirtualClock();
  const loads = Object.fromEntries(
    ["a", "b", "c"].map((name) => [
      name,
      task(name, scripted(clock, { ms: 100, return: 1 }), { resources: { warehouse: 1 } }),
    ]),
  );
  const options = { clock, resources: { warehouse } };
  return (await clock.run(flow("loads", loads).run(options))).toJSON();
}

describe("what held the critical path back", () => {
  it("is the limit of a map, for as long as its items waited for one another", async () => {
    const report = await mapped(1);
    expect(heldBack(report)).toEqual([{ limit: "map", name: "fetch", ms: 900 }]);
    expect(insight(report).verdict).toBe(
      "Bound by the limit of map fetch: for 900 ms of 1.26 s its items waited for one another.",
    );
  });

  it("is a resource, by its name", async () => {
    const report = await loaded(1);
    expect(heldBack(report)).toEqual([{ limit: "resource", name: "warehouse", ms: 200 }]);
    expect(insight(report).verdict).toBe(
      "Bound by the limit of warehouse: for 200 ms of 300 ms tasks that were ready waited for it.",
    );
    const { criticalPath } = insight(report);
    const freed = criticalPath.map(({ link, freed }) => [link, freed]);
    expect(freed.slice(1)).toEqual(freed.slice(1).map(() => ["slot", "warehouse"]));
    expect(renderText(report)).toContain("after warehouse was given back");
    expect(renderHtml(report)).toContain("when warehouse was given back");
  });

  it("is nothing where nothing waited", async () => {
    expect(heldBack(await mapped(undefined))).toEqual([]);
    expect(heldBack(await loaded(3))).toEqual([]);
  });

  it.each([1, 2, 3])("saves what lifting a limit of %i then saves", async (limit) => {
    const report = await mapped(limit);
    const free = await mapped(undefined);
    const lever = insight(report).advice?.levers.find(({ kind }) => kind === "map");
    expect(lever).toMatchObject({
      name: "fetch",
      makespanMs: free.totalDurationMs,
      savedMs: report.totalDurationMs - free.totalDurationMs,
    });
  });

  it("is in the HTML report what would make it faster, and slots are not where none were counted", async () => {
    const html = renderHtml(await mapped(1));
    expect(html).toMatch(/<code>fetch<\/code><\/a> had no limit of its own/);
    expect(html).not.toContain("as many slots as tasks");
    expect(renderHtml(await loaded(1))).toContain("there were 3 of <code>warehouse</code>");
  });
});
