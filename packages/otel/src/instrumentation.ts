/** Traces every run of the process: what `registerInstrumentations()` and the Node SDK take. */
import { type Observer, registerGlobalObserver } from "@astrum/core";
import type { MeterProvider, TracerProvider } from "@opentelemetry/api";
import { checkOptions, flag, type Rules } from "astrum-options";
import { isIdle } from "./instruments.ts";
import { otelObserver } from "./observer.ts";
import { type LoggerProvider, OBSERVER_RULES, type OtelObserverOptions } from "./options.ts";
import { VERSION } from "./version.ts";

export interface InstrumentationConfig extends OtelObserverOptions {
  /** `false`: does nothing until `enable()` is called. Default `true`. */
  readonly enabled?: boolean | undefined;
}

const RULES: Rules<InstrumentationConfig> = { ...OBSERVER_RULES, enabled: flag };

/** Providers as `registerInstrumentations()` and the SDK hand them over; a provider in the config is the application's. */
interface Handed {
  tracerProvider?: TracerProvider;
  meterProvider?: MeterProvider;
  loggerProvider?: LoggerProvider;
}

/**
 * Observes every run that starts in this process while it is enabled, which it is at once. It is an `Instrumentation` of
 * `@opentelemetry/instrumentation`, structurally: that package is not needed. A run that names an `otelObserver()` of its
 * own is traced by that one alone; of two of these, the one that was enabled last traces. Providers and options that are
 * set later hold for runs that start later. Throws as `otelObserver` does.
 *
 * @example
 * ```ts
 * import { AstrumInstrumentation } from "@astrum/otel";
 *
 * const instrumentation = new AstrumInstrumentation({ detail: "task" }); // registerInstrumentations({ instrumentations: [instrumentation] })
 * console.log(instrumentation.getConfig().enabled); // true
 * instrumentation.disable();
 * ```
 */
export class AstrumInstrumentation {
  readonly instrumentationName = "@astrum/otel";
  readonly instrumentationVersion: string = VERSION;
  #config: InstrumentationConfig;
  #handed: Handed = {};
  #takeBack: (() => void) | undefined;

  constructor(config: InstrumentationConfig = {}) {
    checkOptions("astrumInstrumentation", config, RULES);
    this.#config = config;
    if (config.enabled === false) this.#observer();
    else this.enable();
  }

  enable(): void {
    this.#takeBack ??= registerGlobalObserver(this.#observer());
  }

  disable(): void {
    this.#takeBack?.();
    this.#takeBack = undefined;
  }

  setTracerProvider(tracerProvider: TracerProvider): void {
    this.#change(this.#config, { ...this.#handed, tracerProvider });
  }

  setMeterProvider(meterProvider: MeterProvider): void {
    const { meterProvider: _, ...others } = this.#handed;
    // What is global before an SDK is there measures nothing, ever: the one that will be global is looked up instead.
    this.#change(this.#config, isIdle(meterProvider) ? others : { ...others, meterProvider });
  }

  setLoggerProvider(loggerProvider: LoggerProvider): void {
    this.#change(this.#config, { ...this.#handed, loggerProvider });
  }

  /** Providers that were handed over stay. */
  setConfig(config: InstrumentationConfig): void {
    checkOptions("astrumInstrumentation", config, RULES);
    this.#change(config, this.#handed);
  }

  /** With `enabled` as it was configured, which is what an SDK asks for. */
  getConfig(): InstrumentationConfig & { readonly enabled: boolean } {
    return { ...this.#config, enabled: this.#config.enabled ?? true };
  }

  #observer(): Observer {
    const { enabled: _, ...options } = this.#config;
    const { tracerProvider, meterProvider, loggerProvider } = this.#handed;
    return otelObserver({
      ...options,
      tracerProvider: options.tracerProvider ?? tracerProvider,
      meterProvider: options.meterProvider ?? meterProvider,
      loggerProvider: options.loggerProvider ?? loggerProvider,
    });
  }

  #change(config: InstrumentationConfig, handed: Handed): void {
    const before = [this.#config, this.#handed] as const;
    this.#config = config;
    this.#handed = handed;
    try {
      const observer = this.#observer();
      if (this.#takeBack === undefined) return;
      this.#takeBack();
      this.#takeBack = registerGlobalObserver(observer);
    } catch (error) {
      [this.#config, this.#handed] = before;
      throw error;
    }
  }
}

/** The same as `new AstrumInstrumentation(config)`. */
export function astrumInstrumentation(config: InstrumentationConfig = {}): AstrumInstrumentation {
  return new AstrumInstrumentation(config);
}
