/** Asks SDKs to hand on what they buffer. The API has no word for that; every SDK's providers have the same. */
import { metrics, trace } from "@opentelemetry/api";

interface Provider {
  /** The API's global provider stands for the one that was registered. */
  getDelegate?(): Provider;
  forceFlush?(): Promise<unknown> | undefined;
}

/** Rejects when the SDK cannot hand on; an SDK without `forceFlush` has nothing to. */
export async function handOn(provider: object): Promise<void> {
  const registered = (provider as Provider).getDelegate?.() ?? (provider as Provider);
  await registered.forceFlush?.();
}

export async function flushProviders(
  _signal?: AbortSignal,
  providers: readonly object[] = [trace.getTracerProvider(), metrics.getMeterProvider()],
): Promise<void> {
  await Promise.all(providers.map(handOn));
}
