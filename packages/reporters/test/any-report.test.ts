/** Every format and every question takes a report as a run resolves to it, and one as it is stored; nothing else. */
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import type { ExecutionReport, SerializedError, SerializedReport } from "@astrum/core";
import { flow, task } from "@astrum/core";
import { beforeAll, describe, expect, it } from "vitest";
import {
  compareReports,
  estimatesFrom,
  parseReport,
  renderHtml,
  renderJson,
  renderNdjson,
  renderText,
  reporters,
  toAstrumPython,
  writeJson,
} from "../src/index.ts";
import { printSummary } from "../src/terminal/index.ts";
import { fixture } from "./fixtures.ts";
import { runNamed } from "./runs.ts";

const formats = Object.values(reporters);

function printed(report: Parameters<typeof printSummary>[0]): string {
  const pieces: string[] = [];
  printSummary(report, { stream: { write: (piece) => pieces.push(piece) }, color: false });
  return pieces.join("");
}

async function written(report: Parameters<typeof writeJson>[0], outputs: boolean): Promise<string> {
  const stream = new PassThrough();
  const whole = text(stream);
  await writeJson(report, stream, { outputs });
  stream.end();
  return whole;
}

describe("A live report", () => {
  let live: ExecutionReport;
  let stored: SerializedReport;
  let storedOutputs: SerializedReport;
  beforeAll(async () => {
    live = await runNamed("mixed");
    stored = live.toJSON();
    storedOutputs = live.toJSON({ outputs: true });
  });

  it.each(formats.map(({ name }) => name))("is rendered as %s like the stored one", (name) => {
    const { render } = reporters[name as keyof typeof reporters];
    expect(render(live) === render(stored)).toBe(true);
    expect(
      render(live, { redact: [/check-\d/] }) === render(stored, { redact: [/check-\d/] }),
    ).toBe(true);
  });

  it("gives its outputs to the formats that are asked for them", async () => {
    const asked = { outputs: true };
    for (const render of [renderJson, renderNdjson, renderHtml]) {
      expect(render(live, asked) === render(storedOutputs, asked)).toBe(true);
      expect(render(live) === render(live, asked)).toBe(false);
    }
    expect(toAstrumPython(live, asked)).toEqual(toAstrumPython(storedOutputs, asked));
    expect(Object.keys(toAstrumPython(live, asked).task_return_set).length).toBeGreaterThan(0);
    expect((await written(live, true)) === renderJson(storedOutputs, asked)).toBe(true);
    expect((await written(live, false)) === renderJson(stored)).toBe(true);
  });

  it("is asked the same questions", async () => {
    const before = await runNamed("mixed");
    expect(compareReports(before, live)).toEqual(compareReports(before.toJSON(), stored));
    expect(estimatesFrom(live)).toEqual(estimatesFrom(stored));
    expect(printed(live)).toBe(printed(stored));
    expect(printed(live)).toContain("nightly");
  });
});

describe("What is no report", () => {
  const graph = flow("f", { only: task("only", () => 1) });
  const others: [string, () => unknown, string][] = [
    ["a run that was not awaited", () => graph.run(), "got a promise: await the run first."],
    ["a flow", () => graph, "got a flow or a scheduler: run it first."],
    ["nothing", () => undefined, "got undefined."],
    ["null", () => null, "got null."],
    ["JSON", () => renderJson(fixture("one")), "got text: parseReport() makes a report of JSON"],
    ["a list of reports", () => [fixture("one")], "got an array."],
    ["something else", () => ({ status: "completed" }), "got another object."],
    ["something else that has a toJSON", () => new Date(0), "got another object."],
  ];

  it.each(others)("is refused by every format: %s", (_, make, why) => {
    const other = make() as SerializedReport;
    const all: ((report: SerializedReport) => unknown)[] = [
      ...formats.map(({ render }) => render),
      toAstrumPython,
      estimatesFrom,
      printed,
      (report) => compareReports(fixture("one"), report),
      (report) => compareReports(report, fixture("one")),
    ];
    for (const use of all) {
      expect(() => use(other)).toThrow(TypeError);
      expect(() => use(other)).toThrow(why);
    }
  });

  it("is a plan for those formats that draw no plan", () => {
    const plan = graph.plan() as unknown as SerializedReport;
    expect(renderText(graph.plan())).toContain("1 task");
    expect(() => renderHtml(plan)).toThrow(
      "got a plan: only renderText(), renderMermaid() and renderDot() take one.",
    );
  });

  it("is not accepted by the types either", () => {
    // @ts-expect-error A promise is no report.
    expect(() => renderHtml(graph.run())).toThrow(TypeError);
    // @ts-expect-error Nor is a flow.
    expect(() => renderText(graph)).toThrow(TypeError);
  });
});

describe("A report with errors and outputs that are nested 20,000 deep", () => {
  const DEEP = 20_000;

  function nested(wrap: (inner: SerializedError) => SerializedError): SerializedError {
    let error: SerializedError = { name: "Error", message: "the innermost" };
    for (let depth = 0; depth < DEEP; depth++) error = wrap(error);
    return { ...error, name: "Outermost", message: "it failed" };
  }
  const level = { name: "Error", message: "in between" };
  let value: unknown = 1;
  for (let depth = 0; depth < DEEP; depth++) value = [value];
  const deep: Record<string, SerializedError> = {
    "in causes": nested((cause) => ({ ...level, cause })),
    "in members": nested((inner) => ({ ...level, errors: [inner] })),
    "in turns": nested((inner) =>
      inner.cause === undefined ? { ...level, cause: inner } : { ...level, errors: [inner] },
    ),
    "in data": { name: "Outermost", message: "it failed", data: { value } },
  };

  function withDeep(error: SerializedError): SerializedReport {
    const report = JSON.parse(JSON.stringify(fixture("one"))) as SerializedReport;
    const [only] = report.taskStatistics;
    if (only === undefined) throw new Error("no task");
    const [attempt] = only.attemptStatistics;
    if (attempt === undefined) throw new Error("no attempt");
    Object.assign(only, { status: "failed", error, attemptCount: 2 });
    const failed = { ...attempt, status: "failed" as const, error, willRetry: true };
    only.attemptStatistics = [failed, { ...failed, attemptNumber: 2, willRetry: false }];
    Object.assign(report, { executionState: "failed", observerErrors: [error] });
    report.outputs = { only: { encoding: "json", value } };
    return report;
  }

  it.each(Object.keys(deep))(
    "is rendered in every format, and says that something was cut off: %s",
    (where) => {
      const report = withDeep(deep[where] as SerializedError);
      for (const { render } of formats) {
        for (const redact of [undefined, false, ["secret"]] as const) {
          expect(typeof render(report, { redact })).toBe("string");
        }
      }
      const parsed = parseReport(renderJson(report, { outputs: true }));
      expect(JSON.stringify(parsed.taskStatistics)).toContain('"truncated":true');
      expect(parsed.outputs?.only).toEqual({
        encoding: "omitted",
        why: "too-large",
        type: "object",
      });
      expect(reporters.text.render(report)).toContain("it failed");
      expect(renderNdjson(report, { outputs: true })).toContain("it failed");
      expect(renderHtml(report, { outputs: true })).toContain("it failed");
      expect(toAstrumPython(report, { outputs: true }).failed_tasks).toBe(0);
      expect(printed(report)).toContain("it failed");
      expect(compareReports(report, report).slower).toEqual([]);
    },
  );

  it("is left as it is where nothing is too deep", () => {
    const report = fixture("mixed");
    expect(renderJson(report, { redact: false, outputs: true })).toContain('"stack"');
    expect(renderJson(report, { redact: false, outputs: true })).not.toContain('"truncated"');
  });
});
