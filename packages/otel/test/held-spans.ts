/** A tracer that counts which of its spans somebody still holds. Has nothing of an SDK. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { TracerProvider } from "@opentelemetry/api";

export interface HeldSpans {
  readonly provider: TracerProvider;
  readonly opened: number;
  /** How many of them are alive: those that are held, and those of which only what identifies them is, as links have it. */
  alive(): Promise<number>;
}

export function heldSpans(): HeldSpans {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const opened: WeakRef<object>[] = [];
  const startSpan = () => {
    const identity = { traceId: "1".repeat(32), spanId: "2".repeat(16), traceFlags: 1 };
    const span = {
      spanContext: () => identity,
      isRecording: () => true,
      setAttribute: () => span,
      setAttributes: () => span,
      setStatus: () => span,
      recordException: () => undefined,
      end: () => undefined,
    };
    opened.push(new WeakRef(identity));
    return span;
  };
  return {
    provider: { getTracer: () => ({ startSpan }) } as never,
    get opened() {
      return opened.length;
    },
    async alive() {
      // Two turns later nothing of the last tasks is on the stack.
      await new Promise(setImmediate);
      collect();
      await new Promise(setImmediate);
      collect();
      return opened.filter((identity) => identity.deref() !== undefined).length;
    },
  };
}
