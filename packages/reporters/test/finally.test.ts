import { flow, fromEvents, map, type RunEvent, settled, task } from "@astrum/core";
import { VirtualClock } from "@astrum/core/testing";
import { describe, expect, it } from "vitest";
import {
  parseReport,
  readEventLog,
  renderChromeTrace,
  renderCsv,
  renderCtrf,
  renderHtml,
  renderNdjson,
  renderOtlpJson,
} from "../src/index.ts";
import { lineObserver } from "../src/writing/event-lines.ts";
import { lineWriter } from "../src/writing/live-log.ts";

/** A run that failed, and what it did before it settled. */
async function closed() {
  const clock = new VirtualClock();
  const work = task("work", async () => {
    await clock.wait(10);
    throw new Error("broken");
  });
  const list = task("list", () => [1]);
  const close = task("close", { work: settled(work) }, () => clock.wait(5));
  const each = map("each", list, () => {});
  const lines: string[] = [];
  const told: RunEvent[] = [];
  const report = await clock.run(
    flow("f", { work, list }, { finally: { close, each } }).run({
      clock,
      observers: [
        lineObserver(
          "log",
          lineWriter((line) => lines.push(line)),
        ),
        fromEvents("told", (event) => void told.push(event)),
      ],
    }),
  );
  return { report, lines, told };
}

describe("The role of a finally task, and of its items,", () => {
  it("is told to observers", async () => {
    const { told } = await closed();
    const roles = new Map(
      told.flatMap((event) =>
        event.type === "task.status" ? [[event.task.key, event.task.role] as const] : [],
      ),
    );
    expect(Object.fromEntries(roles)).toEqual({
      work: undefined,
      list: undefined,
      close: "finally",
      each: "finally",
      "each[0]": "finally",
    });
  });

  it("is in the report, and in the one that is made of the log", async () => {
    const { report, lines } = await closed();
    const made = readEventLog(`${lines.join("\n")}\n`);
    for (const { taskStatistics } of [parseReport(JSON.stringify(report.toJSON())), made]) {
      const last = taskStatistics.filter(({ role }) => role === "finally");
      expect(last.map(({ taskName }) => taskName)).toEqual(["close", "each", "each[0]"]);
    }
    expect(made.analysis).toEqual(report.toJSON().analysis);
    expect(made.stageStatistics).toEqual(report.toJSON().stageStatistics);
  });

  it("is in the report that is made of a finished one as a log, also when its last lines are lost", async () => {
    const { report } = await closed();
    const lines = renderNdjson(report).split("\n");
    const cut = lines.filter((line) => !/"type":"(?:task|run)\.end"/.test(line));
    for (const log of [lines, cut]) {
      const { taskStatistics } = readEventLog(log.join("\n"));
      const last = taskStatistics.filter(({ role }) => role === "finally");
      expect(last.map(({ taskName }) => taskName)).toEqual(["close", "each", "each[0]"]);
    }
  });

  it("is shown where tails are told apart", async () => {
    const { report } = await closed();
    const [header = "", ...rows] = renderCsv(report).split("\r\n");
    const role = header.split(",").indexOf("role");
    expect(role).toBeGreaterThan(0);
    const close = rows.find((line) => line.startsWith("close,")) ?? "";
    expect(close.split(",").at(role - header.split(",").length)).toBe("finally");
    expect(rows.find((line) => line.startsWith("work,"))).not.toContain("finally");
    expect(renderCtrf(report)).toContain('"role":"finally"');
    expect(renderChromeTrace(report)).toContain('"role":"finally"');
    expect(renderOtlpJson(report)).toContain('"astrum.task.role"');
    expect(renderHtml(report)).toContain("finally task: it started when all others had ended");
  });
});
