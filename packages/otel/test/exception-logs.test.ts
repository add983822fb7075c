import { flow, task } from "@astrum/core";
import { scripted, VirtualClock } from "@astrum/core/testing";
import { afterEach, describe, expect, it, vi } from "vitest";
import { type ExceptionSignal, otelObserver } from "../src/index.ts";
import { type Logged, sdk } from "./sdk.ts";
import { line } from "./sdk-line.ts";
import { named, traced } from "./traced.ts";

afterEach(() => vi.unstubAllEnvs());

/** A task that fails twice: how often each signal told it. */
async function signals(exceptions?: ExceptionSignal): Promise<{ events: number; logs: Logged[] }> {
  const { spans } = await traced();
  const { provider, records } = sdk.startLogs();
  const clock = new VirtualClock();
  const bad = task("bad", scripted(clock, { throw: new RangeError("no") }), { retry: 1 });
  const observer = otelObserver({ loggerProvider: provider, ...(exceptions && { exceptions }) });
  await clock.run(flow("f", { bad }).run({ clock, runId: "r1", observers: [observer] }));
  const received = await spans();
  const logs = await records();
  const attempts = received.filter(({ name }) => name === "attempt bad");
  for (const [at, { spanId }] of logs.entries()) expect(spanId).toBe(attempts[at]?.spanId);
  expect(named(received, "task bad").events).toEqual([]);
  return { events: received.flatMap(({ events }) => events).length, logs };
}

describe("An exception", () => {
  it("is an event of its span unless something else is wanted", async () => {
    expect(await signals()).toEqual({ events: 2, logs: [] });
  });

  it("is a log record of its attempt instead: a warning when another attempt follows, else an error", async () => {
    const { events, logs } = await signals("log");
    expect(events).toBe(0);
    const attributes = {
      "exception.type": "RangeError",
      "exception.message": "no",
      "exception.stacktrace": expect.stringContaining("RangeError: no"),
      "astrum.flow.name": "f",
      "astrum.run.id": "r1",
      "astrum.task.name": "bad",
    };
    expect(logs).toMatchObject([
      { eventName: "astrum.task.exception", severityNumber: 13, attributes },
      { eventName: "astrum.task.exception", severityNumber: 17, attributes },
    ]);
  });

  it("is both when both are wanted", async () => {
    const { events, logs } = await signals("both");
    expect([events, logs.length]).toEqual([2, 2]);
  });

  it.each([
    ["logs", 0, 2],
    ["logs/dup", 2, 2],
    ["other", 2, 0],
  ])("is what the environment says: %s", async (value, events, logs) => {
    vi.stubEnv("OTEL_SEMCONV_EXCEPTION_SIGNAL_OPT_IN", value);
    const told = await signals();
    expect([told.events, told.logs.length]).toEqual([events, logs]);
  });

  it("needs somewhere to be logged, and says so where the API has no logs", () => {
    const make = () => otelObserver({ exceptions: "log" });
    if (line === 2) expect(make).toThrow(/needs a Logs API[\s\S]*give `loggerProvider`/);
    else expect(make).not.toThrow();
  });
});
