/**
 * The SDK that this Node can run: the third line from Node 22.15 on, the second below. Both are put behind the same few
 * words, so that one suite holds for both. Registered globally, as an application does; knows nothing of Astrum.
 */
import type { MeterProvider, TracerProvider } from "@opentelemetry/api";
import type { LoggerProvider } from "../src/index.ts";
import { line } from "./sdk-line.ts";

export interface SdkOptions {
  /** An OTLP/HTTP receiver. */
  readonly url: string;
  /** The share of traces that are sampled; children follow their parent. Default 1. */
  readonly ratio?: number;
  /** Default: large enough for every test. */
  readonly maxQueueSize?: number;
  /** Attributes that a span keeps. Default 128, as SDKs have it. */
  readonly attributeCountLimit?: number;
}

export interface Point {
  readonly metric: string;
  readonly unit: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  /** The sum, or the sum and the count of a histogram. */
  readonly value: number | { readonly sum: number; readonly count: number };
}

export interface Logged {
  readonly eventName: string | undefined;
  readonly severityNumber: number | undefined;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly spanId: string | undefined;
}

export interface Sdk {
  startTracing(options: SdkOptions): {
    readonly provider: TracerProvider;
    /** Exports what has ended. */
    flush(): Promise<void>;
    stop(): Promise<void>;
  };
  startMetrics(): { readonly provider: MeterProvider; points(): Promise<Point[]> };
  startLogs(): { readonly provider: LoggerProvider; records(): Promise<Logged[]> };
  readonly registerInstrumentations: (options: {
    readonly instrumentations: never[];
  }) => () => void;
}

export const sdk: Sdk = (
  await (line === 3 ? import("./sdk-3/index.ts") : import("./sdk-2/index.ts"))
).sdk;
