/**
 * Starts OpenTelemetry where it is loaded: before the program, and again in each of its threads. Spans go by OTLP to
 * localhost:4318, or where OTEL_EXPORTER_OTLP_ENDPOINT says.
 */
import { AstrumInstrumentation } from "@astrum/otel";
import { NodeSDK } from "@opentelemetry/sdk-node";

process.env.OTEL_SERVICE_NAME ??= "images";
const sdk = new NodeSDK({ instrumentations: [new AstrumInstrumentation()] });
sdk.start();
// A short program ends before the first export is due. Of a thread the pool sees to that.
process.once("beforeExit", () => sdk.shutdown().catch((error) => console.error(error)));
