import { readFileSync } from "node:fs";
import { flow, task } from "@astrum/core";
import { DiagLogLevel, diag, metrics, trace } from "@opentelemetry/api";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { astrumInstrumentation, otelObserver } from "../src/index.ts";
import { VERSION } from "../src/version.ts";

describe("What is wrong with the options", () => {
  const wrong = (options: unknown): string => {
    try {
      otelObserver(options as never);
    } catch (error) {
      expect(error).toBeInstanceOf(TypeError);
      return (error as Error).message;
    }
    throw new Error("nothing was thrown");
  };

  it("is told with the way out", () => {
    expect(wrong({ detail: "atempt" })).toBe(
      'otelObserver(): Expected `detail` to be one of "run", "task", "attempt", got "atempt". Did you mean "attempt"?',
    );
    expect(wrong({ maxLink: 3 })).toBe(
      'otelObserver(): Unknown option `maxLink`. Did you mean "maxLinks"?',
    );
    expect(wrong({ semconv: { cidc: true } })).toContain("Unknown option `cidc` of `semconv`");
    expect(wrong({ tracerProvider: trace.getTracer("x") })).toContain(
      "Expected `tracerProvider` to be a provider with `getTracer`, got a ProxyTracer.",
    );
  });

  it("is told at once", () => {
    const message = wrong({
      detail: 7,
      parent: "none",
      maxLinks: -1,
      metrics: "yes",
      shouldTrace: true,
      exceptions: "events",
      meterProvider: null,
      semconv: { cicd: 1 },
    });
    expect(message.split("\n")).toHaveLength(8);
    expect(message).toContain('got "events". Did you mean "event"?');
  });

  it("is told of an argument that is no object", () => {
    expect(wrong(null)).toBe("otelObserver(): Expected its options to be an object, got null.");
    expect(wrong(new Map([["detail", "run"]]))).toContain("got a Map.");
  });

  it("is told by the instrumentation too, enabled or not", () => {
    const told = (config: unknown) => () => astrumInstrumentation(config as never);
    expect(told({ enabled: false, detail: "no" })).toThrow(
      'astrumInstrumentation(): Expected `detail` to be one of "run", "task", "attempt", got "no".',
    );
    expect(told({ enable: false })).toThrow('Unknown option `enable`. Did you mean "enabled"?');
    expect(told({ enabled: "no" })).toThrow("Expected `enabled` to be true or false");
    expect(told(null)).toThrow("Expected its options to be an object, got null.");
    const one = astrumInstrumentation({ enabled: false });
    expect(() => one.setConfig({ detail: "no" as never })).toThrow("Expected `detail`");
    expect(() => one.setConfig(null as never)).toThrow("got null.");
    expect(one.getConfig()).toEqual({ enabled: false });
  });
});

describe("Without an SDK", () => {
  it("the observer opens nothing, and says so once, to who asks the API what goes on", async () => {
    const said: string[] = [];
    const tell = (...words: unknown[]) => void said.push(words.join(" "));
    const logger = { verbose: tell, debug: tell, info: tell, warn: tell, error: tell };
    diag.setLogger(logger, { logLevel: DiagLogLevel.DEBUG, suppressOverrideMessage: true });
    onTestFinished(() => diag.disable());
    said.length = 0;
    const hooks: unknown[] = [];
    // As a process would that has observed no run.
    vi.resetModules();
    const observer = (await import("../src/index.ts")).otelObserver();
    const once = flow("f", { one: task("one", () => 1) });
    for (let run = 0; run < 2; run++) {
      const report = await once.run({
        observers: [{ name: "probe", run: (event) => void hooks.push(observer.run?.(event)) }],
      });
      expect(report.observerErrors ?? []).toEqual([]);
    }
    expect(hooks).toEqual([undefined, undefined]);
    expect(said).toEqual([expect.stringContaining("No SDK is registered")]);
    expect(metrics.getMeterProvider()).toBeDefined();
  });
});

it("The version that spans name is the package's", () => {
  const manifest = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  expect(JSON.parse(manifest).version).toBe(VERSION);
});
