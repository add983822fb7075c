/** A program that uses the packages that run anywhere, as text: its module exports `everything()`, which says how it went. */
export const everything = `
  import { flow, map, pick, task } from "@astrum/core";
  import { VirtualClock } from "@astrum/core/testing";
  import { otelObserver } from "@astrum/otel";
  import { prometheusObserver, textfileMetrics } from "@astrum/prometheus";
  import {
    appendJobSummary, eventLog, parseReport, readEventLog, renderHtml, renderJson, renderNdjson, reporters,
  } from "@astrum/reporters";

  const said = (say) => {
    try { return String(say()); } catch (error) { return error.message; }
  };

  export async function everything() {
    const list = task("list", async () => [1, 2, 3]);
    const doubled = map("doubled", list, async (item) => item * 2, { concurrency: 2 });
    const bad = task("bad", () => { throw new Error("no team today"); }, { onFailure: "ignore" });
    const sum = task("sum", { doubled, first: pick(list, 0) }, ({ doubled, first }) => doubled.reduce((a, b) => a + b, first));
    const report = await flow("everything", { sum }, { tails: { bad } }).run({ observers: [otelObserver()] });

    const clock = new VirtualClock();
    const slow = task("slow", () => { throw 1; }, { retry: { attempts: 1, backoff: "fixed", baseMs: 20000 } });
    const late = await clock.run(flow("slow", { slow }).run({ clock }));

    const many = [];
    for (let at = 0; at < 10_000; at++) many.push(at);
    const large = await flow("large", { all: map("all", task("many", () => many), (item) => item) }).run();

    return {
      sum: report.unwrap().sum,
      lateMs: late.executionDurationMs,
      formats: Object.values(reporters).filter(({ render }) => typeof render(report) === "string").length,
      text: reporters.text.render(report).includes("no team today"),
      page: /script-src &#39;sha256-[\\w+/=]{44}&#39;/.test(renderHtml(report)),
      large: renderHtml(large).trimEnd().endsWith("</html>"),
      read: readEventLog(renderNdjson(report)).totalTasks === parseReport(renderJson(report)).totalTasks,
      metrics: said(() => prometheusObserver({})),
      files: [
        said(() => eventLog("run.ndjson")),
        said(() => readEventLog("run.ndjson")),
        said(() => appendJobSummary("summary.md", report)),
        said(() => textfileMetrics({})),
      ],
    };
  }
`;

/** What it says everywhere. */
export const saidEverywhere = {
  sum: 13,
  lateMs: 20_000,
  formats: 17,
  text: true,
  page: true,
  large: true,
  read: true,
  metrics:
    "prometheusObserver(): Expected `client` to be the module prom-client or @prometheus-io/client, got undefined.",
};

/** What it says of files where there are none. */
export const withoutFiles: readonly string[] = [
  "eventLog() needs a runtime with files, such as Node.js.",
  "readEventLog() needs the text of the log in a runtime without files.",
  "appendJobSummary() needs a runtime with files, such as Node.js.",
  "textfileMetrics() needs a runtime with files, such as Node.js.",
];
