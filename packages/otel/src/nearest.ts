/**
 * A span that stands for those that have none of their own: their spans belong below it, and what they failed with is told
 * on it, a few times. Knows no task.
 */
import type { Context, Span } from "@opentelemetry/api";
import { type Raised, tellOnSpan } from "./exception.ts";

/** Of those that have no span. SDKs keep 128 events of a span, and throw away the first ones. */
const EXCEPTIONS = 10;

export class Nearest {
  readonly span: Span | undefined;
  /** With that span as the active one. */
  readonly context: Context;
  #told = 0;

  constructor(span: Span | undefined, context: Context) {
    this.span = span;
    this.context = context;
  }

  tell(raised: Raised): void {
    if (this.#told === EXCEPTIONS || this.span?.isRecording() !== true) return;
    this.#told++;
    tellOnSpan(raised, this.span);
  }
}
