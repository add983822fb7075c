import { describe, expect, it } from "vitest";
import { renderCard, renderSvg } from "../../src/index.ts";
import { picture } from "../../src/layout/picture.ts";
import { cutToWidth, textWidth } from "../../src/layout/text-width.ts";
import { fixture, fixtureNames } from "../fixtures.ts";
import { mapOfFlows, nestedRun } from "../nested-runs.ts";

const SIZE = { rows: 64, width: 1000 };

describe("a picture of a run", () => {
  it("has a row for each task at the top, and no bar that overlaps another of its look", async () => {
    const { by, rows, bars } = picture(await nestedRun({ fails: true }), SIZE);
    expect(by).toBe("task");
    expect(rows).toEqual(["config", "us ×2", "photos", "eu ×1", "thumbs ×12", "crawl ×4"]);
    for (const bar of bars) {
      const others = bars.filter(({ row, look }) => row === bar.row && look === bar.look);
      for (const other of others) {
        if (other === bar || other.look === "failed") continue;
        expect(other.endUs <= bar.startUs || other.startUs >= bar.endUs).toBe(true);
      }
    }
  });

  it("has a row for each slot where the tasks are too many, or nearly all of them are inside of one", async () => {
    const many = picture(fixture("mixed"), SIZE);
    expect([many.by, many.rows.length, many.left]).toEqual(["slot", 8, 0]);
    const few = picture(fixture("mixed"), { rows: 3, width: 1000 });
    expect([few.rows.length, few.left]).toEqual([3, 5]);
    expect((await mapOfFlows(100)).taskStatistics.length).toBeGreaterThan(100);
    expect(picture(await mapOfFlows(100), SIZE).by).toBe("slot");
  });

  it.each(fixtureNames)("of %s is small, and shows every attempt that failed", (name) => {
    const { bars } = picture(fixture(name), SIZE);
    const failed = fixture(name).taskStatistics.flatMap(({ attemptStatistics }) =>
      attemptStatistics.filter(({ status }) => status === "failed"),
    );
    expect(bars.length).toBeLessThanOrEqual(2000 + 2 * failed.length);
    expect(bars.some(({ look }) => look === "failed")).toBe(failed.length > 0);
  });
});

describe("a text in a picture", () => {
  it("is cut to its room and never widened, at whole characters", () => {
    expect(cutToWidth("short", 11, 100)).toBe("short");
    const cut = cutToWidth("a long name that does not fit", 11, 80);
    expect(cut).toMatch(/^a long na.*…$/);
    expect(textWidth(cut, 11)).toBeLessThanOrEqual(80);
    expect(cutToWidth("👨‍👩‍👧‍👦👨‍👩‍👧‍👦👨‍👩‍👧‍👦", 10, 120)).toBe("👨‍👩‍👧‍👦…");
    expect(cutToWidth("wide", 11, 5)).toBe("");
  });
});

describe("renderCard", () => {
  it.each(fixtureNames)("of %s is small enough to be a part of the page", (name) => {
    expect(renderCard(fixture(name)).length).toBeLessThan(72_000);
  });
});

describe("renderSvg", () => {
  it("is light unless it is asked for dark, with the same bars", () => {
    const light = renderSvg(fixture("mixed"));
    const dark = renderSvg(fixture("mixed"), { theme: "dark" });
    expect(light).toContain('fill="#ffffff"/>');
    expect(dark).toContain('height="256" fill="#14181b"/>');
    expect(dark.match(/<g /g)?.length).toBe(light.match(/<g /g)?.length);
    expect(() => renderSvg(fixture("one"), { theme: "blue" as "dark" })).toThrow(
      /`theme` to be one of "light", "dark"/,
    );
  });

  /** What is written on the axis of a run of so many hours. */
  function axis(hours: number): (string | undefined)[] {
    const report = structuredClone(fixture("one"));
    const [task] = report.taskStatistics;
    Object.assign(report, { totalDurationMs: hours * 3_600_000 });
    Object.assign(task?.attemptStatistics[0] ?? {}, { endAt: hours * 3_600_000 });
    return Array.from(
      renderSvg(report).matchAll(/middle" fill="[^"]+">([^<]+)</g),
      ([, tick]) => tick,
    );
  }

  it("has a time at each line of its axis that a person would choose", () => {
    expect(axis(4)).toEqual([
      "0 ms",
      "30 min",
      "1 h",
      "1 h 30 min",
      "2 h",
      "2 h 30 min",
      "3 h",
      "3 h 30 min",
      "4 h",
    ]);
  });

  it("has one also for a run of days", () => {
    expect(axis(240)).toEqual(["0 ms", "48 h", "96 h", "144 h", "192 h", "240 h"]);
  });
});
