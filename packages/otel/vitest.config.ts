import { join } from "node:path";
import { mergeConfig } from "vitest/config";
import shared from "../../vitest.shared.ts";
import { line } from "./test/sdk-line.ts";

// Each line of the SDK comes with its own version of the API, and the sources must get that one.
const home = join(import.meta.dirname, `test/sdk-${line}/node_modules/@opentelemetry/api`);

export default mergeConfig(shared, { resolve: { alias: { "@opentelemetry/api": home } } });
