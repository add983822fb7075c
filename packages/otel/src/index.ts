// Watch runs.

// The far side of a carrier; also the entry "./worker", which a pool of threads can be given as it is.
export { otelActivator } from "./activator.ts";
export {
  AstrumInstrumentation,
  astrumInstrumentation,
  type InstrumentationConfig,
} from "./instrumentation.ts";
export { otelObserver } from "./observer.ts";
export type {
  Detail,
  ExceptionSignal,
  Items,
  LoggerProvider,
  MetricOptions,
  OtelObserverOptions,
} from "./options.ts";
