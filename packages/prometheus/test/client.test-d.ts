import nextClient, * as nextNamespace from "@prometheus-io/client";
import promClient, * as promNamespace from "prom-client";
import { prometheusObserver, pushRunMetrics, textfileMetrics } from "../src/index.ts";

// Both clients fit as they are, with a registry of either format.
prometheusObserver({ client: promClient });
prometheusObserver({ client: nextClient });
prometheusObserver({ client: promNamespace, registry: new promClient.Registry() });
prometheusObserver({
  client: nextNamespace,
  registry: new nextClient.Registry(nextClient.Registry.OPENMETRICS_CONTENT_TYPE),
  exemplars: () => ({ traceId: "t", spanId: "s", traceFlags: 1 }),
});
// As the README has it for prom-client, whose types know no argument of `new Registry()`.
const openMetrics = new promClient.Registry<promClient.OpenMetricsContentType>();
openMetrics.setContentType(promClient.Registry.OPENMETRICS_CONTENT_TYPE);
prometheusObserver({ client: promClient, registry: openMetrics });
pushRunMetrics({ client: promClient, gatewayUrl: "http://localhost:9091", jobName: "nightly" });
textfileMetrics({ client: nextClient, path: "/var/lib/node_exporter/nightly.prom" });

prometheusObserver({ client: promClient, labels: { task: ({ name, tags }) => tags[0] ?? name } });
// @ts-expect-error the client is the application's: there is no default
prometheusObserver({});
// @ts-expect-error a registry alone makes no metrics
prometheusObserver({ client: promClient.register });
// @ts-expect-error a label is text
prometheusObserver({ client: promClient, labels: { task: ({ stage }) => stage } });
