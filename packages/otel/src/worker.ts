/**
 * What a pool of threads is given as an activator: `activators: [import.meta.resolve("@astrum/otel/worker")]`. The
 * thread's own SDK is started by a module it preloads; without one, this does nothing.
 */
import type { RemoteActivator } from "@astrum/core";
import { otelActivator } from "./activator.ts";

export { otelActivator };

/** Makes the trace and the baggage of an attempt current in the thread that runs it. */
const activator: RemoteActivator = otelActivator();
export default activator;
