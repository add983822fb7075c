/** What is taken out of a report and of a log without anybody naming it, and how a program takes it out itself. */
import { flow, map, type Observer, type SerializedReport, task, value } from "@astrum/core";
import { scripted, VirtualClock } from "@astrum/core/testing";
import { describe, expect, it } from "vitest";
import {
  parseReport,
  readEventLog,
  redactReport,
  renderCsv,
  renderGithubAnnotations,
  renderHtml,
  renderJson,
  renderText,
  reporters,
} from "../src/index.ts";
import { printSummary, progress } from "../src/terminal/index.ts";
import { withoutUrlSecrets } from "../src/wording/credentials.ts";
import { lineObserver } from "../src/writing/event-lines.ts";
import { lineWriter } from "../src/writing/live-log.ts";
import { fixture } from "./fixtures.ts";
import { TestTerminal } from "./terminal-screen.ts";

const URL_WITH_TOKEN = "https://bob:swordfish@api.example.com/v1?page=2&access_token=swordfish#top";

describe("The secrets of a URL", () => {
  it.each([
    ["https://bob:swordfish@host/path", "https://bob:[redacted]@host/path"],
    ["postgres://bob:sw@rd:fish@db:5432/x", "postgres://bob:[redacted]@db:5432/x"],
    ["https://ghp_swordfish@github.com/x.git", "https://[redacted]@github.com/x.git"],
    [
      "GET /items?api_key=swordfish&page=2 answered 401",
      "GET /items?api_key=[redacted]&page=2 answered 401",
    ],
    ["https://h/cb#access_token=swordfish&state=1", "https://h/cb#access_token=[redacted]&state=1"],
    [
      "https://s3/x?X-Amz-Signature=swordfish&X-Amz-Date=1",
      "https://s3/x?X-Amz-Signature=[redacted]&X-Amz-Date=1",
    ],
    ["https://maps/x?key=swordfish", "https://maps/x?key=[redacted]"],
    ['see "https://h/?token=swordfish", then', 'see "https://h/?token=[redacted]", then'],
    ["a://b:swordfish@c and d://e:swordfish@f", "a://b:[redacted]@c and d://e:[redacted]@f"],
  ])("are taken out of %s", (text, shown) => {
    expect(withoutUrlSecrets(text)).toBe(shown);
    expect(shown).not.toContain("swordfish");
  });

  it.each([
    "https://example.com/a?page=2&tokenCount=5&keyword=x",
    "someone@example.com wrote https://example.com/",
    "at load (file:///srv/app/src/load.ts:12:7)",
    "user = token",
    "://",
    "a?b=",
  ])("are not seen where there are none: %s", (text) => {
    expect(withoutUrlSecrets(text)).toBe(text);
  });
});

describe("A report that was told nothing of secrets", () => {
  function leaky(): SerializedReport {
    const report = JSON.parse(JSON.stringify(fixture("cancelled"))) as SerializedReport;
    const error = {
      name: "Error",
      message: `GET ${URL_WITH_TOKEN} answered 500`,
      stack: `Error: GET ${URL_WITH_TOKEN} answered 500\n    at x (/srv/x.ts:1:1)`,
      data: { request: { url: URL_WITH_TOKEN, headers: { Authorization: "Bearer swordfish" } } },
      cause: { name: "Error", message: URL_WITH_TOKEN },
      errors: [{ name: "Error", message: URL_WITH_TOKEN }],
    };
    report.run.attributes = { url: URL_WITH_TOKEN, token: "swordfish" };
    report.errorSummary = [`Task failed: ${URL_WITH_TOKEN}`];
    report.planIssues = [{ code: "x", message: URL_WITH_TOKEN, path: [] }];
    report.observerErrors = [error];
    for (const task of report.taskStatistics) {
      task.attributes = { url: URL_WITH_TOKEN };
      task.key = URL_WITH_TOKEN;
      Object.assign(task, { lostAt: 1, lostError: error, releasedAt: 1, releaseError: error });
      if (task.status === "completed") Object.assign(task, { status: "failed", error });
      else task.reason = { kind: "aborted", message: URL_WITH_TOKEN };
      for (const attempt of task.attemptStatistics) {
        const log = [{ at: 1, message: URL_WITH_TOKEN, attributes: { token: "swordfish" } }];
        Object.assign(attempt, { status: "failed", error, errorMessage: error.message, log });
      }
    }
    return report;
  }

  it.each(Object.keys(reporters))(
    "shows neither credentials nor the secrets of URLs as %s",
    (name) => {
      const { render } = reporters[name as keyof typeof reporters];
      expect(render(leaky())).not.toContain("swordfish");
      expect(render(fixture("cancelled"))).toBe(render(fixture("cancelled"), { redact: false }));
    },
  );

  it("shows them when that was asked for", () => {
    expect(renderJson(leaky(), { redact: false })).toContain("swordfish");
    expect(renderText(leaky(), { redact: false })).toContain("swordfish");
    expect(renderHtml(leaky(), { redact: false })).toContain("swordfish");
    expect(renderCsv(leaky(), { redact: false })).toContain("swordfish");
    expect(renderGithubAnnotations(leaky(), { redact: false })).toContain("swordfish");
  });
});

describe("redactReport()", () => {
  it("gives the report that the formats show, live or stored, for programs that store it themselves", async () => {
    const clock = new VirtualClock();
    const failing = task(
      "failing",
      scripted(clock, {
        ms: 1,
        throw: Object.assign(new Error(URL_WITH_TOKEN), { password: "swordfish" }),
      }),
    );
    const live = await clock.run(flow("f", { failing }).run({ clock }));
    // The core itself takes nothing out.
    expect(JSON.stringify(live)).toContain("swordfish");
    const safe = redactReport(live);
    expect(JSON.stringify(safe)).not.toContain("swordfish");
    expect(`${JSON.stringify(safe)}\n`).toBe(renderJson(live));
    expect(redactReport(live.toJSON())).toEqual(safe);
    expect(parseReport(JSON.stringify(safe))).toEqual(JSON.parse(JSON.stringify(safe)));
  });

  it.each<[string, () => unknown]>([
    ["an entry of a map", () => new Map([["password", "swordfish"]])],
    [
      "a field of an error, under its cause",
      () => new Error("no", { cause: Object.assign(new Error("in"), { apiKey: "swordfish" }) }),
    ],
    [
      "a record in a set in itself",
      () => {
        const set = new Set<unknown>([{ token: "swordfish" }]);
        return set.add(set);
      },
    ],
    ["a record of a name that means something", () => ({ $: 1, secret: "swordfish" })],
  ])("leaves out an output in which a credential is %s", async (_, make) => {
    const report = await flow("f", { only: task("only", make) }).run();
    const stored = report.toJSON({ outputs: true });
    expect(stored.outputs?.only).toMatchObject({ encoding: "tagged" });
    expect(redactReport(stored).outputs?.only).toMatchObject({
      encoding: "omitted",
      why: "redacted",
    });
  });

  it("takes the same rules, and leaves out an output in which something was found", () => {
    const report = fixture("one");
    const named = redactReport(report, ["only"]);
    expect(named.taskStatistics.map(({ taskName }) => taskName)).toEqual(["[redacted]"]);
    expect(redactReport(report, false)).toBe(report);
    const secret: SerializedReport = {
      ...report,
      outputs: { only: { encoding: "json", value: { token: "swordfish" } } },
    };
    expect(redactReport(secret).outputs).toEqual({
      only: { encoding: "omitted", why: "redacted", type: "object" },
    });
  });
});

describe("A log that is redacted", () => {
  function logged(redact?: Parameters<typeof lineWriter>[1]) {
    const lines: string[] = [];
    const write = lineWriter((line) => lines.push(line), redact);
    const journal = ({
      type,
      at,
      runId,
      ...entry
    }: {
      type: string;
      at: number;
      runId?: unknown;
    }) => write(String(runId), at, { type, ...entry });
    return { lines, journal, observer: lineObserver("log", write) };
  }

  it("tells tasks apart whose names differ only in the secret", async () => {
    const clock = new VirtualClock();
    const { lines, observer } = logged([/user-\d+/]);
    const users = [1, 2, 3].map((id) =>
      task(`mail user-${id}`, scripted(clock, id === 2 ? { ms: id, throw: "no" } : { ms: id }), {
        onFailure: "ignore",
      }),
    );
    const all = task("all", Object.fromEntries(users.map((one, at) => [`u${at}`, one])), () => 1, {
      when: () => true,
    });
    const report = await clock.run(
      flow("f", { all, ...Object.fromEntries(users.map((one, at) => [`u${at}`, one])) }).run({
        clock,
        observers: [observer],
        failure: "continue",
      }),
    );
    const read = readEventLog(`${lines.join("\n")}\n`);
    const shape = ({ taskStatistics }: { taskStatistics: SerializedReport["taskStatistics"] }) =>
      taskStatistics.map(({ status, startAt, endAt }) => ({ status, startAt, endAt }));
    expect(shape(read)).toEqual(shape(report));
    expect(read.taskStatistics.map(({ taskName }) => taskName)).toEqual([
      "mail [redacted]",
      "mail [redacted]~2",
      "mail [redacted]~3",
      "all",
    ]);
    expect(read.taskStatistics[3]?.dependencies.map((one) => one.task)).toEqual([
      "mail [redacted]",
      "mail [redacted]~2",
      "mail [redacted]~3",
    ]);
  });

  it("is read back whatever is taken out: the words of the format and the start of the run stay", async () => {
    const clock = new VirtualClock();
    const words = [
      "completed",
      "running",
      "ready",
      "waiting",
      "run.start",
      "failed",
      "task",
      "2026",
      "1",
    ];
    const { lines, journal, observer } = logged(words);
    const only = task("only", scripted(clock, { ms: 3, return: "x" }));
    await clock.run(flow("f", { only }).run({ clock, observers: [observer], journal }));
    const read = readEventLog(`${lines.join("\n")}\n`);
    expect(parseReport(read).executionState).toBe("completed");
    expect(read.taskStatistics).toMatchObject([{ status: "completed", startAt: 0, endAt: 3 }]);
    expect(read.run.startedAt).toBe("2026-01-01T00:00:00.000Z");
  });

  it("takes them out of attributes, whatever these are called: of the run, and of a line that a task said", async () => {
    const { lines, observer } = logged(["hunter2"]);
    const attributes = { status: "hunter2", kind: "hunter2", hunter2: 1 };
    const says = task("says", (_, { log }) => log("said", attributes));
    await flow("f", { says }).run({ observers: [observer], attributes });
    expect(lines.join("\n")).not.toContain("hunter2");
    const { run, taskStatistics } = readEventLog(`${lines.join("\n")}\n`);
    const shown = { status: "[redacted]", kind: "[redacted]", "[redacted]": 1 };
    expect(run.attributes).toEqual(shown);
    expect(taskStatistics[0]?.attemptStatistics[0]?.log).toMatchObject([{ attributes: shown }]);
  });

  it("keeps amounts of what is merely called like a credential", async () => {
    const clock = new VirtualClock();
    const { lines, observer } = logged();
    const only = task("only", scripted(clock, { ms: 3 }), { resources: { tokens: 2 } });
    const options = { clock, observers: [observer], resources: { tokens: 5 } };
    await clock.run(flow("f", { only }).run(options));
    expect(readEventLog(`${lines.join("\n")}\n`).run.config.resources).toEqual({ tokens: 5 });
  });

  it("holds no secret of a URL, and no credential", async () => {
    const clock = new VirtualClock();
    const { lines, journal, observer } = logged();
    const failing = task(
      "failing",
      scripted(clock, {
        ms: 1,
        throw: Object.assign(new Error(URL_WITH_TOKEN), { token: "swordfish" }),
      }),
    );
    await clock.run(
      flow("f", { failing }).run({
        clock,
        journal,
        observers: [observer],
        attributes: { url: URL_WITH_TOKEN, password: "swordfish" },
      }),
    );
    expect(lines.join("\n")).not.toContain("swordfish");
  });

  it("holds none of what items are called", async () => {
    const { lines, observer } = logged();
    await pages([observer]);
    expect(lines.join("\n")).not.toContain("swordfish");
    expect(readEventLog(`${lines.join("\n")}\n`).taskStatistics[1]?.key).toBe(
      "https://bob:[redacted]@api.example.com/v1?page=2&access_token=[redacted]#top",
    );
  });
});

describe("A terminal", () => {
  it.each(["tty", "plain", "ndjson"] as const)(
    "shows none of what items are called (%s)",
    async (mode) => {
      const terminal = new TestTerminal({ columns: 300, rows: 40 }, mode === "tty");
      const report = await pages([progress({ stream: terminal, color: false, mode })]);
      printSummary(report, { stream: terminal, color: false });
      expect(terminal.text).toContain("bob:[redacted]@");
      expect(terminal.text).not.toContain("swordfish");
    },
  );
});

/** Items that are called by their URLs, and fail. */
function pages(observers: Observer[]) {
  const read = map("read", value([URL_WITH_TOKEN]), () => Promise.reject(new Error("no")), {
    key: (url) => url,
  });
  return flow("pages", { read }).run({ observers });
}
