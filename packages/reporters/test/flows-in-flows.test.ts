/** Reports, and logs, of runs in which tasks have flows inside. */
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { flow, loop, map, type SerializedReport, subflow, task } from "@astrum/core";
import { VirtualClock } from "@astrum/core/testing";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, it } from "vitest";
import {
  eventLog,
  parseReport,
  readEventLog,
  redactReport,
  renderText,
  reporters,
  reportSchema,
} from "../src/index.ts";
import { Nesting } from "../src/wording/nesting.ts";

async function nested(): Promise<{ report: SerializedReport; log: string }> {
  const clock = new VirtualClock();
  const file = join(mkdtempSync(join(tmpdir(), "astrum-nested-")), "run.ndjson");
  const log = eventLog(file);
  const thumb = (photo: number) => {
    const load = task("load", () => clock.wait(photo).then(() => photo));
    return flow("thumb", { small: task("resize", { load }, ({ load }) => load * 10) });
  };
  const photos = task("photos", () => [1, 2]);
  const thumbs = map("thumbs", photos, thumb, { items: "settled" });
  const eu = subflow("eu", thumb(3));
  const bad = flow("bad", { no: task("no", () => Promise.reject(new Error("no"))) });
  const held = subflow("held", bad, {}, { onFailure: "ignore" });
  const tries = loop(
    "tries",
    { photos },
    {
      first: ({ photos }) => thumb(photos.length),
      next: ({ small }) => thumb(small),
      until: ({ small }) => small > 100,
      max: 5,
    },
  );
  const outer = flow("outer", { thumbs, eu, tries }, { tails: { held } });
  const report = await clock.run(
    outer.run({ clock, observers: [log.observer], journal: log.journal }),
  );
  await clock.run(report.tail);
  log.close();
  return { report: report.toJSON(), log: readFileSync(file, "utf8") };
}

describe("Tasks inside of others", () => {
  it("are in a report that is valid by its schema", async () => {
    const { report } = await nested();
    const ajv = new Ajv2020({ strict: true, allErrors: true });
    const valid = ajv.compile(reportSchema);
    expect(valid(report), ajv.errorsText(valid.errors)).toBe(true);
    expect(() => parseReport(report)).not.toThrow();
    const roles = report.taskStatistics.filter(({ role }) => role === "subflow");
    expect(roles.map(({ taskName }) => taskName).sort()).toEqual([
      "eu",
      "held",
      "thumbs[0]",
      "thumbs[1]",
    ]);
    const inLoop = report.taskStatistics.filter(({ parent }) => parent === "tries");
    expect(inLoop.map(({ taskName }) => taskName)).toEqual([
      "tries[0].load",
      "tries[0].resize",
      "tries[1].load",
      "tries[1].resize",
    ]);
    expect(report.taskStatistics.find(({ taskName }) => taskName === "tries")?.role).toBe("loop");
  });

  it.each(Object.keys(reporters))("are told in the format %s", async (name) => {
    const { report } = await nested();
    const text = reporters[name as keyof typeof reporters].render(report);
    expect(text.length).toBeGreaterThan(100);
  });

  it("are in a log, each with its path and what it is inside of", async () => {
    const { report, log } = await nested();
    const read = readEventLog(log);
    const placed = ({ taskStatistics }: SerializedReport): string[] =>
      taskStatistics
        .map(
          ({ taskName, parent, role, status, startAt, endAt }) =>
            `${taskName} in ${parent}, ${role}: ${status} from ${startAt} to ${endAt}`,
        )
        .sort();
    expect(placed(read)).toEqual(placed(report));
  });
});

describe("Secrets in the names of what is inside of others", () => {
  it("are taken out everywhere alike: who was inside of whom still is", async () => {
    const { report } = await nested();
    const clean = redactReport(report, ["thumbs"]);
    expect(JSON.stringify(clean)).not.toContain("thumbs");
    const names = new Set(clean.taskStatistics.map(({ taskName }) => taskName));
    expect(names.size).toBe(report.taskStatistics.length);
    const shape = ({ taskStatistics }: SerializedReport): number[] => {
      const nesting = Nesting.of({ taskStatistics });
      return taskStatistics.map((_, place) => nesting.parentOf(place));
    };
    expect(shape(clean)).toEqual(shape(report));
  });

  it("are taken out of the lines that say what is inside", async () => {
    const { report } = await nested();
    for (const { render } of Object.values(reporters)) {
      expect(render(report, { redact: ["thumbs"] }).includes("thumbs")).toBe(false);
    }
    expect(renderText(report, { tasks: true, redact: ["thumbs"] })).not.toContain("thumbs");
  });

  it("are taken out of what errors of a flow say of its tasks", async () => {
    const { report } = await nested();
    expect(renderText(report, { redact: ["held.no"] })).toMatch(/SubflowError: "held" failed in/);
    expect(renderText(report, { redact: ["held.no"] })).not.toContain("held.no");
  });
});
