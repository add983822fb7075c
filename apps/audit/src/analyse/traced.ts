/**
 * A span of its own for a file that takes long, below that of its shard, so that a trace names it; of most files it would
 * say nothing. Without an SDK in the thread it costs nothing.
 */
import { trace } from "@opentelemetry/api";
import { analyseFile, type FileAnalysis } from "./file.ts";

const longMs = 20;
const tracer = trace.getTracer("astrum-audit");

export function analyseTraced(...file: Parameters<typeof analyseFile>): FileAnalysis {
  const startTime = Date.now();
  const analysis = analyseFile(...file);
  if (Date.now() - startTime >= longMs) {
    const attributes = { "code.file.path": analysis.path };
    tracer.startSpan("analyse file", { startTime, attributes }).end();
  }
  return analysis;
}
