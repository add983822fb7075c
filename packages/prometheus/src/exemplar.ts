/**
 * Exemplars: the trace in which something was measured, beside the measurement. Asked of the application inside a task's
 * context, so that it needs no tracing library; checked here, because a client throws at a wrong one.
 */
import type { Labels } from "./client.ts";
import type { Warnings } from "./warning.ts";

/** The context of a span, as `trace.getActiveSpan()?.spanContext()` of @opentelemetry/api gives it. */
export interface TraceContext {
  /** Of the trace, 32 hexadecimal digits. */
  readonly traceId: string;
  /** Of the span, 16 hexadecimal digits. */
  readonly spanId: string;
  /** Bit 0: sampled. An exemplar of a trace that nobody kept would lead nowhere. */
  readonly traceFlags?: number | undefined;
}

/** Called inside the context of each attempt. A trace context, or labels of your own, or nothing. */
export type ExemplarSource = () => TraceContext | Readonly<Record<string, string>> | undefined;

/** Asks the application, and says once when no attempt of a run had a trace: that is how a wrong order looks. */
export class Exemplars {
  readonly #source: ExemplarSource;
  readonly #warnings: Warnings;
  #asked = false;
  #given = false;

  constructor(source: ExemplarSource, warnings: Warnings) {
    this.#source = source;
    this.#warnings = warnings;
  }

  /** Within an attempt. */
  ask(): Labels | undefined {
    this.#asked = true;
    return exemplarOf(() => {
      const before = this.#given;
      // One that throws is a fault of its own, and no wrong order.
      this.#given = true;
      const given = this.#source();
      this.#given = before || (given !== undefined && given !== null);
      return given;
    }, this.#warnings);
  }

  runEnded(): void {
    if (!this.#asked || this.#given) return;
    this.#warnings.once(
      "ASTRUM_PROMETHEUS_NO_TRACE",
      "`exemplars` gave nothing in any attempt of a run: give the run the observer that traces before this one, and start its SDK before the first run",
    );
  }
}

/** OpenMetrics 1.0, "Exemplars": names and values together. */
const MAX_CHARACTERS = 128;

/** `undefined` when there is no trace, it was not sampled, or what the source gave cannot be an exemplar. */
function exemplarOf(source: ExemplarSource, warnings: Warnings): Labels | undefined {
  try {
    const given = source();
    if (given === undefined || given === null) return undefined;
    const labels = isTraceContext(given) ? labelsOf(given) : { ...given };
    if (labels === undefined) return undefined;
    const entries = Object.entries(labels);
    if (entries.some(([name, value]) => !isLabelName(name) || typeof value !== "string")) {
      throw new TypeError("its names must be names of labels, and its values strings");
    }
    const characters = entries.reduce((sum, [name, value]) => sum + name.length + value.length, 0);
    if (characters > MAX_CHARACTERS) {
      throw new RangeError(`it has ${characters} characters, and ${MAX_CHARACTERS} are allowed`);
    }
    return entries.length === 0 ? undefined : labels;
  } catch (error) {
    warnings.once(
      "ASTRUM_PROMETHEUS_EXEMPLAR",
      `No exemplar was kept: \`exemplars\` gave none that can be written: ${error instanceof Error ? error.message : String(error)}`,
    );
    return undefined;
  }
}

/** The names are those of OpenTelemetry's Prometheus compatibility specification, which Grafana follows to the trace. */
function labelsOf({ traceId, spanId, traceFlags = 1 }: TraceContext): Labels | undefined {
  return (traceFlags & 1) === 1 ? { trace_id: traceId, span_id: spanId } : undefined;
}

function isTraceContext(given: object): given is TraceContext {
  return "traceId" in given && "spanId" in given;
}

function isLabelName(name: string): boolean {
  return /^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name);
}
