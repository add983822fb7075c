/**
 * Tracing in a thread: starts an SDK there before its first task, and makes the trace of the attempt current around each
 * one. Only threads import it, and only when spans are asked for.
 */
import activator from "@astrum/otel/worker";
import manifest from "../package.json" with { type: "json" };
import { startTracing } from "./tracing.ts";

startTracing(process.env.OTEL_EXPORTER_OTLP_ENDPOINT ?? "", manifest.version);

export default activator;
