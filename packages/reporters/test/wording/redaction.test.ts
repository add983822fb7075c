import { gunzipSync } from "node:zlib";
import { flow, RateLimit, type SerializedReport, task } from "@astrum/core";
import { VirtualClock } from "@astrum/core/testing";
import { describe, expect, it } from "vitest";
import { unpacked } from "../../src/html/packing.ts";
import type { PageData } from "../../src/html/page-data.ts";
import {
  parseReport,
  type Redaction,
  readEventLog,
  renderCsv,
  renderGithubAnnotations,
  renderHtml,
  renderJson,
  renderJUnit,
  renderMermaid,
  renderNdjson,
  reporters,
  toAstrumPython,
} from "../../src/index.ts";
import { type FixtureName, fixture } from "../fixtures.ts";

const SECRET = 'hunter2-<"quoted">&\\-ünïcode';

/** With the secret in every place that can hold one, apart from the words of the format. */
function planted(secret: string, name: FixtureName = "mixed"): SerializedReport {
  const report = JSON.parse(JSON.stringify(fixture(name))) as SerializedReport;
  const error = {
    name: `Error ${secret}`,
    message: `login failed for ${secret}`,
    stack: `Error: ${secret}\n    at login (/srv/${secret}.ts:1:1)`,
    code: secret,
    cause: { name: "Error", message: secret, stack: secret, data: { nested: { list: [secret] } } },
    errors: [{ name: "Error", message: secret }],
    data: { url: `https://x/?key=${secret}`, [secret]: 1 },
  };
  report.run.flow = `flow ${secret}`;
  report.run.attributes = { note: secret, [secret]: "key" };
  report.run.config.resources = { [secret]: 1 };
  report.run.config.rates = { [secret]: { limit: 3, perMs: 1000, burst: 3 } };
  report.errorSummary.push(`Task failed: ${secret}`);
  report.planIssues = [{ code: "x", message: secret, path: [secret], suggestion: secret }];
  report.observerErrors = [error];
  report.outputs = { discover: { encoding: "json", value: { deep: [secret] } } };
  for (const task of report.taskStatistics) {
    if (task.status === "failed") task.error = error;
    if (task.reason !== undefined && "message" in task.reason) task.reason.message = secret;
    for (const attempt of task.attemptStatistics) {
      attempt.log = [{ at: 1, message: secret, attributes: { status: secret, [secret]: secret } }];
      attempt.limitedBy = `resource:${secret}`;
      if (attempt.status !== "failed") continue;
      attempt.error = error;
      attempt.errorMessage = secret;
      attempt.executor = `host-${secret}`;
    }
    task.key = secret;
    if (task.status === "skipped") Object.assign(task, { because: "dependency", root: secret });
    Object.assign(task, { lostAt: 1, lostError: error, releasedAt: 1, releaseMs: 1 });
    if (task.status === "failed") task.releaseError = error;
    task.tags = [secret];
    task.attributes = { note: secret };
  }
  const [first] = report.taskStatistics;
  if (first !== undefined) first.taskName = `task ${secret}`;
  return report;
}

/** However a format may write it. */
function spellings(secret: string): string[] {
  const json = JSON.stringify(secret).slice(1, -1);
  const xml = secret.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
  const entities = Array.from(secret, (character) => `#${character.codePointAt(0)};`).join("");
  return [
    secret,
    "hunter2",
    json,
    xml,
    xml.replace(/"/g, "&quot;"),
    encodeURIComponent(secret),
    entities,
  ];
}

const everyText: Readonly<Record<string, (report: SerializedReport, redact: Redaction) => string>> =
  {
    ...Object.fromEntries(
      Object.values(reporters).map(({ name, render }) => [
        name,
        (report: SerializedReport, redact: Redaction) => render(report, { redact }),
      ]),
    ),
    "json with outputs": (report, redact) =>
      renderJson(report, { redact, outputs: true, indent: 2 }),
    "ndjson with outputs": (report, redact) => renderNdjson(report, { redact, outputs: true }),
    "html with outputs": (report, redact) => renderHtml(report, { redact, outputs: true }),
    "csv of attempts": (report, redact) => renderCsv(report, { redact, rows: "attempts" }),
    "junit of ant": (report, redact) => renderJUnit(report, { redact, dialect: "ant" }),
    "mermaid gantt": (report, redact) => renderMermaid(report, { redact, kind: "gantt" }),
    "annotations with places": (report, redact) =>
      renderGithubAnnotations(report, { redact, root: "/srv" }),
    python: (report, redact) => JSON.stringify(toAstrumPython(report, { redact, outputs: true })),
  };

/** With the data of a page as its script reads it, which may be compressed. */
function opened(text: string): string {
  const [, data] = /<script type="application\/gzip" id="data">([^<]*)</.exec(text) ?? [];
  const plain = /<script type="application\/json" id="data">([^<]*)</.exec(text)?.[1];
  const json =
    data === undefined ? plain : gunzipSync(Buffer.from(data, "base64")).toString("utf8");
  if (json === undefined) return text;
  return text + JSON.stringify(unpacked(JSON.parse(json) as PageData));
}

/** In a diagram of many tasks most of their names are not shown, so a small run is looked at as well. */
const RUNS = ["mixed", "cancelled"] as const;

describe.each(Object.keys(everyText))("a secret in a report, rendered as %s", (format) => {
  const render = everyText[format];
  if (render === undefined) throw new Error(format);

  it.each<[string, Redaction]>([
    ["as a text", [SECRET]],
    ["by a pattern", [/hunter2[^\s,;?/]*/]],
    ["by a function", (text) => text.replaceAll(SECRET, "***")],
  ])("appears nowhere when it is named %s", (_, redact) => {
    for (const run of RUNS) {
      const text = opened(render(planted(SECRET, run), redact));
      expect(spellings(SECRET).filter((spelling) => text.includes(spelling))).toEqual([]);
    }
  });
});

it.each(Object.keys(everyText))("would be found in %s if it were not taken out", (format) => {
  const texts = RUNS.map((run) =>
    opened(everyText[format]?.(planted("hunter2", run), false) ?? ""),
  );
  expect(texts.some((text) => text.includes("hunter2"))).toBe(true);
});

it("leaves the words of the format and what a rate is made of, whatever a function rewrites", async () => {
  const clock = new VirtualClock();
  const fails = task("fails", () => Promise.reject(new Error("no")), { resources: { llm: 1 } });
  const skipped = task("skipped", { fails }, () => 1);
  const last = task("last", () => 1);
  const graph = flow("f", { skipped }, { finally: { last } });
  const resources = { llm: new RateLimit({ limit: 3, perMs: 1000 }) };
  const report = await clock.run(graph.run({ clock, resources }));
  const text = renderJson(report, { redact: () => "x" });
  const read = parseReport(text);
  expect(read.taskStatistics.map(({ because, role }) => because ?? role)).toEqual([
    undefined,
    "dependency",
    "finally",
  ]);
  expect(read.run.config.rates).toEqual({ x: { limit: 3, perMs: 1000, burst: 3 } });
  expect(renderHtml(report, { redact: () => "x" })).toContain("3 each 1 s");
  const lines = renderNdjson(report, { redact: () => "x" });
  expect(readEventLog(lines).taskStatistics.at(-1)?.role).toBe("finally");
});

describe("a property that is called like a credential", () => {
  const names = [
    "password",
    "client_secret",
    "accessToken",
    "Authorization",
    "set-cookie",
    "API_KEY",
    "apiKey",
    "x-api-key",
    "privateKey",
    "credentials",
    "pwd",
    "secrets",
  ];
  const innocent = [
    "tokenCount",
    "secretary",
    "passwordless",
    "cookies_enabled",
    "keyboard",
    "author",
    "compass",
  ];

  function withData(keys: readonly string[]): SerializedReport {
    const report = JSON.parse(JSON.stringify(fixture("one"))) as SerializedReport;
    const values = Object.fromEntries(keys.map((key) => [key, `value of ${key}`]));
    report.run.attributes = values;
    const [task] = report.taskStatistics;
    if (task !== undefined) task.error = { name: "E", message: "m", data: { headers: [values] } };
    report.outputs = { only: { encoding: "json", value: [values] } };
    return report;
  }

  it.each(names)("%s is not shown even when nothing was said about it", (name) => {
    expect(renderJson(withData([name]), { outputs: true })).not.toContain("value of");
  });

  it.each(innocent)("%s is none", (name) => {
    expect(renderJson(withData([name]), { outputs: true }).match(/value of/g)).toHaveLength(3);
  });

  it("is shown when that was asked for", () => {
    expect(renderJson(withData(names), { redact: false })).toContain("value of password");
  });
});

describe("what is left", () => {
  it("is a valid report with as many tasks, each with a name of its own", () => {
    const report = planted(SECRET);
    report.taskStatistics.forEach((task, index) => {
      if (index < 5) task.taskName = index % 2 === 0 ? `${SECRET}` : `hunter2`;
      if (index > 1 && index < 5) task.taskName += ` ${SECRET.repeat(index)}`;
    });
    const redact = [/hunter2\S*/g];
    const back = readEventLog(renderNdjson(report, { redact }));
    expect(back.taskStatistics).toHaveLength(report.taskStatistics.length);
    expect(new Set(back.taskStatistics.map(({ taskName }) => taskName)).size).toBe(
      report.taskStatistics.length,
    );
  });

  it("keeps the words of the format, whatever is taken out", () => {
    const text = renderJson(fixture("mixed"), { redact: ["failed", "completed", "task", "a"] });
    const report = JSON.parse(text) as SerializedReport;
    expect(report.executionState).toBe("failed");
    expect(new Set(report.taskStatistics.map(({ kind }) => kind))).toContain("task");
  });

  it("has no output in which something was found: a resumed run computes it again", () => {
    const report = planted(SECRET);
    const { outputs } = JSON.parse(
      renderJson(report, { outputs: true, redact: [SECRET] }),
    ) as SerializedReport;
    expect(outputs?.discover).toEqual({ encoding: "omitted", why: "redacted", type: "object" });
  });

  it("is never what an empty secret would make of it", () => {
    expect(() => renderJson(fixture("one"), { redact: [""] })).toThrow(
      /text that is not empty.*Leave out a secret that is not set/,
    );
  });
});
