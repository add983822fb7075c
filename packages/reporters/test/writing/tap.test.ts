import { Parser } from "tap-parser";
import { describe, expect, it } from "vitest";
import { renderTap } from "../../src/index.ts";
import { visible } from "../../src/wording/visible.ts";
import { failedTasks, fixture, fixtureNames, linesOfTheRun, skippedTasks } from "../fixtures.ts";

interface Point {
  readonly ok: boolean;
  readonly name: string;
  readonly skip: boolean | string;
  readonly todo: boolean | string;
}

function read(tap: string): { points: Point[]; parser: Parser; extra: string } {
  const points: Point[] = [];
  let extra = "";
  const parser = new Parser({ strict: true });
  parser.on("assert", (point: Point) => points.push(point));
  parser.on("extra", (text: string) => {
    extra += text;
  });
  parser.end(tap);
  return { points, parser, extra };
}

describe.each(fixtureNames)(
  "the TAP of the fixture %s, as a strict tap-parser reads it",
  (name) => {
    const report = fixture(name);
    const { points, parser, extra } = read(renderTap(report));
    const failed = failedTasks(report);
    const early = linesOfTheRun(report);

    it("has a point per task and nothing else", () => {
      expect(points).toHaveLength(report.totalTasks + early);
      expect(parser.fail).toBe(failed + early);
      expect(parser.skip).toBe(skippedTasks(report));
      expect(extra).toBe("");
      expect(parser.bailedOut).toBe(false);
      expect(points.filter(({ todo }) => todo !== false && todo !== undefined)).toEqual([]);
    });

    it("is a failed run exactly when the run did not complete", () => {
      expect(parser.ok).toBe(report.executionState === "completed");
    });

    it("has the names of the tasks", () => {
      const names = report.taskStatistics.map(({ taskName }) => visible(taskName).trim());
      expect(points.slice(0, report.totalTasks).map((point) => point.name.trim())).toEqual(names);
    });
  },
);
