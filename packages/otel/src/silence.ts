/**
 * Why nothing is exported, said once a process. Without an SDK that is how the API is meant, and only a debug line; an SDK
 * that was registered with another copy of the API is a mistake that nobody would find otherwise. Opens no span.
 */
import { trace } from "@opentelemetry/api";
import { log } from "./guarded.ts";

/** Where every copy of the API from version 1 on keeps what is registered. */
const REGISTERED = Symbol.for("opentelemetry.js.api.1");

let said = false;

/** A run was observed, and neither spans nor metrics of it have anywhere to go. */
export function explainSilence(): void {
  if (said) return;
  said = true;
  const registered = (
    globalThis as { [REGISTERED]?: { readonly version?: string; readonly trace?: unknown } }
  )[REGISTERED];
  const other =
    registered?.trace !== undefined && registered.trace !== (trace.getTracerProvider() as unknown);
  if (!other) {
    log.debug("No SDK is registered: runs are not traced and not measured. This is said once.");
    return;
  }
  const message = `An OpenTelemetry SDK is registered with version ${registered?.version} of @opentelemetry/api, and @astrum/otel was given another copy, which does not see it: runs are not traced. See \`npm ls @opentelemetry/api\`, and make it one copy`;
  const { process } = globalThis as {
    process?: { emitWarning?(message: string, options: object): void };
  };
  process?.emitWarning?.(message, { type: "AstrumWarning", code: "ASTRUM_OTEL_TWO_APIS" });
}
