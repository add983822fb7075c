/** Traces every run of the process: what `registerInstrumentations()` and the Node SDK take. */
import { registerGlobalObserver } from "@astrum/core";
import type { MeterProvider, TracerProvider } from "@opentelemetry/api";
import { checkOptions, flag, type Rules } from "astrum-options";
import { otelObserver } from "./observer.ts";
import { type LoggerProvider, OBSERVER_RULES, type OtelObserverOptions } from "./options.ts";
import { VERSION } from "./version.ts";

export interface InstrumentationConfig extends OtelObserverOptions {
  /** `false`: does nothing until `enable()` is called. Default `true`. */
  readonly enabled?: boolean | undefined;
}

const RULES: Rules<InstrumentationConfig> = { ...OBSERVER_RULES, enabled: flag };

/** The `Instrumentation` of `@opentelemetry/instrumentation`, structurally: that package is not needed. */
export interface AstrumInstrumentation {
  readonly instrumentationName: string;
  readonly instrumentationVersion: string;
  enable(): void;
  disable(): void;
  setTracerProvider(provider: TracerProvider): void;
  setMeterProvider(provider: MeterProvider): void;
  setLoggerProvider(provider: LoggerProvider): void;
  setConfig(config: InstrumentationConfig): void;
  getConfig(): InstrumentationConfig;
}

/**
 * Observes every run that starts in this process while it is enabled, which it is at once. A run that names an
 * `otelObserver()` of its own is traced by that one alone. Providers and options that are set later hold for runs that
 * start later. Throws as `otelObserver` does.
 */
export function astrumInstrumentation(config: InstrumentationConfig = {}): AstrumInstrumentation {
  checkOptions("astrumInstrumentation", config, RULES);
  let current = config;
  let takeBack: (() => void) | undefined;
  const observer = () => {
    const { enabled: _, ...options } = current;
    return otelObserver(options);
  };
  const change = (next: InstrumentationConfig): void => {
    checkOptions("astrumInstrumentation", next, RULES);
    const before = current;
    current = next;
    try {
      const changed = observer();
      if (takeBack === undefined) return;
      takeBack();
      takeBack = registerGlobalObserver(changed);
    } catch (error) {
      current = before;
      throw error;
    }
  };
  const instrumentation: AstrumInstrumentation = {
    instrumentationName: "@astrum/otel",
    instrumentationVersion: VERSION,
    enable() {
      takeBack ??= registerGlobalObserver(observer());
    },
    disable() {
      takeBack?.();
      takeBack = undefined;
    },
    setTracerProvider: (tracerProvider) => change({ ...current, tracerProvider }),
    setMeterProvider: (meterProvider) => change({ ...current, meterProvider }),
    setLoggerProvider: (loggerProvider) => change({ ...current, loggerProvider }),
    setConfig: change,
    getConfig: () => ({ enabled: true, ...current }),
  };
  if (current.enabled === false) observer();
  else instrumentation.enable();
  return instrumentation;
}
