/**
 * Traces and measures every run of the process, with no change to its code: `node --import @astrum/otel/register`. The SDK
 * is started elsewhere, before or after: it is looked up when a run starts.
 */
import { astrumInstrumentation } from "./instrumentation.ts";

astrumInstrumentation();
