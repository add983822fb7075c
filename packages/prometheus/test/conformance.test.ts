import { testObserver } from "astrum-conformance";
import { describe } from "vitest";
import { prometheusObserver } from "../src/index.ts";
import { CLIENTS } from "./clients.ts";

describe.each(CLIENTS)("The observer with %s", (_, client) => {
  testObserver(() => prometheusObserver({ client, registry: new client.Registry() }));
});
