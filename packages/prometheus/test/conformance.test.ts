import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { testObserver } from "astrum-conformance";
import { afterAll, describe, vi } from "vitest";
import { prometheusObserver, pushRunMetrics, textfileMetrics } from "../src/index.ts";
import { CLIENTS, OPEN_METRICS } from "./clients.ts";

// The gateway of this suite is down, and says so.
vi.spyOn(process, "emitWarning").mockImplementation(() => {});
const folder = mkdtempSync(join(tmpdir(), "astrum-conformance-"));
afterAll(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

describe.each(CLIENTS)("With %s", (_, client) => {
  describe("the observer that is scraped", () =>
    testObserver(() => prometheusObserver({ client, registry: new client.Registry() })));

  describe("the observer with exemplars", () =>
    testObserver(() => {
      const registry = new client.Registry(OPEN_METRICS);
      return prometheusObserver({ client, registry, exemplars: () => ({ trace_id: "1" }) });
    }));

  describe("the observer that pushes", () =>
    testObserver(() =>
      pushRunMetrics({ client, gatewayUrl: "http://127.0.0.1:9", jobName: "nightly" }),
    ));

  describe("the observer that writes a file", () =>
    testObserver(() => textfileMetrics({ client, path: join(folder, "nightly.prom") })));
});
