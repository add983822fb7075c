import { flow, type RunInfo, type TaskInfo, task } from "@astrum/core";
import { DiagLogLevel, diag, trace } from "@opentelemetry/api";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type OtelObserverOptions, otelObserver } from "../src/index.ts";
import { sdk } from "./sdk.ts";
import { named, traced, tree } from "./traced.ts";

/** What the API's own log was told. */
let said: string[];

beforeEach(() => {
  said = [];
  const nothing = () => {};
  const tell = (...words: unknown[]) => void said.push(words.join(" "));
  const logger = { verbose: nothing, debug: nothing, info: nothing, warn: tell, error: tell };
  diag.setLogger(logger, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
});
afterEach(() => diag.disable());

const boom = (): never => {
  throw new Error("a fault of the application");
};

async function play(options: OtelObserverOptions) {
  const { spans } = await traced();
  const { provider, points } = sdk.startMetrics();
  const query = () => trace.getTracer("user").startSpan("query").end();
  const load = task("load", query);
  const bad = task("bad", { load }, () => Promise.reject(new TypeError("bad")));
  const report = await flow("f", { bad }).run({
    observers: [otelObserver({ meterProvider: provider, ...options })],
  });
  expect(report.observerErrors).toEqual([]);
  const counts = (await points()).map(({ metric, attributes }) =>
    [metric, attributes["astrum.task.name"]].filter(Boolean).join(" "),
  );
  return { drawn: tree(await spans()), counts, spans: await spans() };
}

describe("A function of the application that goes wrong loses no span and no metric, and is named once:", () => {
  const whole = [
    "run f ERROR TypeError: bad",
    "  task bad ERROR TypeError: bad !exception <= task load",
    "  task load",
    "    query",
  ].join("\n");

  const bare = (subject: RunInfo | TaskInfo) => ("dependencies" in subject ? undefined : boom());
  it.each<[string, OtelObserverOptions, string]>([
    ["attributes", { attributes: boom }, "`attributes` threw"],
    ["attributes of the run alone", { attributes: bare }, "`attributes` threw"],
    ["shouldTrace", { shouldTrace: boom }, "`shouldTrace` threw"],
    ["errorType", { errorType: boom }, "`errorType` threw"],
    ["metrics.task", { metrics: { task: boom } }, "`metrics.task` threw"],
    [
      "attributes that are a promise",
      { attributes: (() => Promise.reject(new Error("late"))) as never },
      "`attributes` gave a promise",
    ],
  ])("%s", async (_, options, what) => {
    const { drawn, counts } = await play(options);
    expect(drawn).toBe(whole);
    const name = options.metrics === undefined ? " load" : " _other";
    expect(counts).toContain(`astrum.task.duration${name}`);
    expect(counts).toContain("astrum.run.duration");
    expect(said).toHaveLength(1);
    expect(said[0]).toContain(what);
  });

  it("a log that cannot be written", async () => {
    const loggerProvider = { getLogger: () => ({ emit: boom }) };
    const { drawn } = await play({ loggerProvider, exceptions: "both" });
    expect(drawn).toBe(whole);
    expect(said[0]).toContain("could not be written as a log");
  });
});

it("Attributes that it gives are on the spans, after what identifies them", async () => {
  const { spans } = await play({ attributes: () => ({ tenant: "t" }) });
  expect(named(spans, "run f").attributes).toMatchObject({ tenant: "t", "astrum.flow.name": "f" });
});

it("An SDK that keeps few attributes keeps those that say which run it was", async () => {
  const { spans } = await traced({ attributeCountLimit: 8 });
  const attributes = Object.fromEntries(Array.from({ length: 10 }, (_, at) => [`a${at}`, at]));
  await flow("f", {}).run({ attributes, runId: "r1", observers: [otelObserver()] });
  const kept = named(await spans(), "run f").attributes;
  expect(kept).toMatchObject({ "astrum.flow.name": "f", "astrum.run.id": "r1", a0: 0 });
  expect(Object.keys(kept)).toHaveLength(8);
});

it("The conventions that names are taken from are said with every span, also with the global provider", async () => {
  const { spans } = await traced();
  await flow("f", {}).run({ observers: [otelObserver()] });
  expect(named(await spans(), "run f").schemaUrl).toBe("https://opentelemetry.io/schemas/1.45.0");
});
