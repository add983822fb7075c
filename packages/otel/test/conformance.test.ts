import { testObserver } from "astrum-conformance";
import { afterAll, beforeAll, describe } from "vitest";
import { otelObserver } from "../src/index.ts";
import { openReceiver } from "./receiver.ts";
import { sdk } from "./sdk.ts";

describe("The observer without an SDK", () => testObserver(() => otelObserver()));

describe("The observer with one", () => {
  let stop: () => Promise<void>;
  beforeAll(async () => {
    const receiver = await openReceiver();
    const tracing = sdk.startTracing({ url: receiver.url });
    stop = async () => {
      await tracing.stop();
      await receiver.close();
    };
  });
  afterAll(() => stop());
  const metrics = sdk.startMetrics();
  const logs = sdk.startLogs();
  testObserver(() =>
    otelObserver({
      exceptions: "both",
      loggerProvider: logs.provider,
      meterProvider: metrics.provider,
      semconv: { cicd: true },
    }),
  );
});
