import { flow, task } from "@astrum/core";
import { metrics, trace } from "@opentelemetry/api";
import { describe, expect, it, onTestFinished } from "vitest";
import { AstrumInstrumentation, astrumInstrumentation, otelObserver } from "../src/index.ts";
import { sdk } from "./sdk.ts";
import { traced, tree } from "./traced.ts";

const one = () => flow("f", { one: task("one", () => 1) });

describe("astrumInstrumentation()", () => {
  it("traces every run of the process while it is enabled", async () => {
    const { spans } = await traced();
    const instrumentation = astrumInstrumentation({ detail: "run" });
    onTestFinished(() => instrumentation.disable());
    await one().run();
    instrumentation.disable();
    await one().run();
    instrumentation.enable();
    instrumentation.enable();
    await one().run();
    expect(tree(await spans())).toBe("run f\nrun f");
  });

  it("is what `registerInstrumentations()` takes, with the providers it hands over", async () => {
    const { spans, provider } = await traced();
    const instrumentation = astrumInstrumentation({ enabled: false });
    await one().run();
    const unregister = sdk.registerInstrumentations({
      instrumentations: [instrumentation as never],
      tracerProvider: provider,
    } as never);
    onTestFinished(unregister);
    await one().run();
    unregister();
    await one().run();
    expect(tree(await spans())).toBe("run f\n  task one");
  });

  it("leaves a run with an observer of its own to that one", async () => {
    const { spans } = await traced();
    const instrumentation = astrumInstrumentation();
    onTestFinished(() => instrumentation.disable());
    await one().run({ observers: [otelObserver({ detail: "run" })] });
    expect(tree(await spans())).toBe("run f");
  });

  it("takes other options for later runs, and keeps the old ones when the new are wrong", async () => {
    const { spans } = await traced();
    const instrumentation = astrumInstrumentation();
    onTestFinished(() => instrumentation.disable());
    instrumentation.setConfig({ detail: "run" });
    expect(() => instrumentation.setConfig({ detail: "all" as never })).toThrow(TypeError);
    await one().run();
    expect(tree(await spans())).toBe("run f");
    expect(instrumentation.getConfig()).toEqual({ enabled: true, detail: "run" });
    instrumentation.setConfig({ enabled: undefined });
    expect(instrumentation.getConfig()).toEqual({ enabled: true });
  });

  it("keeps the providers that it was handed when its options change", async () => {
    const { spans, provider } = await traced();
    trace.disable();
    const instrumentation = new AstrumInstrumentation({ enabled: false });
    onTestFinished(() => instrumentation.disable());
    instrumentation.setTracerProvider(provider);
    instrumentation.setConfig({ detail: "run" });
    instrumentation.enable();
    await one().run();
    expect(tree(await spans())).toBe("run f");
  });

  it("measures, though it was registered before the SDK that measures", async () => {
    const { provider, points } = sdk.startMetrics();
    const instrumentation = new AstrumInstrumentation();
    onTestFinished(() => instrumentation.disable());
    onTestFinished(sdk.registerInstrumentations({ instrumentations: [instrumentation as never] }));
    metrics.setGlobalMeterProvider(provider);
    onTestFinished(() => metrics.disable());
    await one().run();
    const names = (await points()).map(({ metric }) => metric);
    expect(names).toContain("astrum.run.duration");
  });

  it("traces once when there are two of them", async () => {
    const { spans } = await traced();
    const both = [new AstrumInstrumentation(), astrumInstrumentation({ detail: "run" })];
    onTestFinished(() => {
      for (const instrumentation of both) instrumentation.disable();
    });
    await one().run();
    expect(tree(await spans())).toBe("run f");
  });

  it("is registered by its entry for `--import`", async () => {
    const { spans } = await traced();
    const registered: symbol = Symbol.for("astrum.observers.v1");
    const observers = () => (globalThis as never as Record<symbol, Set<object>>)[registered];
    await import("../src/register.ts");
    const [entry] = [...(observers() ?? [])].slice(-1);
    onTestFinished(() => void observers()?.delete(entry as object));
    await one().run();
    expect(tree(await spans())).toBe("run f\n  task one");
  });
});
