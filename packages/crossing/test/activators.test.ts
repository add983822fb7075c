import { describe, expect, it, vi } from "vitest";
import { type Activator, flushActivators, runActivated } from "../src/index.js";

const carrier = { traceparent: "00-1-2-01" };
const info = { task: "load", attempt: 2 };

describe("A function that runs within activators", () => {
  const faults: unknown[] = [];
  const onFault = (_: Activator, error: unknown): void => {
    faults.push(error);
  };
  const within = <T>(activators: readonly Activator[], run: () => T): T =>
    runActivated({ activators, carrier, info, onFault }, run);

  it("is inside of all of them, the first outermost, and each is told the carrier and the attempt", () => {
    const told: unknown[] = [];
    const named = (name: string): Activator => ({
      activate(given, about, proceed) {
        told.push(name, given, about);
        proceed();
        told.push(`${name} ends`);
      },
    });
    expect(within([named("a"), named("b")], () => told.push("run"))).toBe(7);
    expect(told).toEqual(["a", carrier, info, "b", carrier, info, "run", "b ends", "a ends"]);
  });

  it.each<[string, Activator["activate"]]>([
    [
      "throws",
      () => {
        throw new Error("at once");
      },
    ],
    ["does not proceed", () => {}],
    ["proceeds twice", (_, __, proceed) => [proceed(), proceed()]],
    [
      "proceeds and throws",
      (_, __, proceed) => {
        proceed();
        throw new Error("afterwards");
      },
    ],
    ["proceeds late", (_, __, proceed) => queueMicrotask(proceed)],
  ])("runs once, and gives what it gives, when one of them %s", async (_, activate) => {
    const run = vi.fn(() => 42);
    expect(within([{ activate }], run)).toBe(42);
    await Promise.resolve();
    expect(run).toHaveBeenCalledTimes(1);
  });

  it("throws what it throws itself, whatever its activator makes of it", () => {
    const swallowing: Activator = {
      activate(_, __, proceed) {
        try {
          proceed();
        } catch {
          // It would, were it told.
        }
      },
    };
    const error = new Error("its own");
    const fail = (): never => {
      throw error;
    };
    expect(() => within([swallowing], fail)).toThrow(error);
  });

  it("tells of what an activator threw", () => {
    faults.length = 0;
    const error = new Error("no tracer");
    const throwing: Activator = {
      activate() {
        throw error;
      },
    };
    within([throwing], () => 1);
    expect(faults).toEqual([error]);
  });
});

describe("Activators that are flushed", () => {
  const activate = (): void => {};

  it("are waited for, and one that fails keeps none of the others from it", async () => {
    const onFault = vi.fn();
    const done = vi.fn();
    const failing: Activator = {
      activate,
      flush() {
        throw new Error("no collector");
      },
    };
    const slow: Activator = { activate, flush: () => Promise.resolve().then(done) };
    await flushActivators([failing, { activate }, slow], 60_000, onFault);
    expect(done).toHaveBeenCalledTimes(1);
    expect(onFault).toHaveBeenCalledExactlyOnceWith(failing, new Error("no collector"));
  });

  it("are not waited for beyond the time, which their signal tells them", async () => {
    let signal: AbortSignal | undefined;
    const hanging: Activator = {
      activate,
      flush(given) {
        signal = given;
        return new Promise(() => {});
      },
    };
    await flushActivators([hanging], 1, () => {});
    expect(signal?.aborted).toBe(true);
  });
});
