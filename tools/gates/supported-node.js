/**
 * Refuses to install on a Node that the root package.json does not allow, before pnpm does anything. pnpm's own
 * `engineStrict` would also refuse @prometheus-io/client, which asks for Node 22, works on 20, and is tested on both.
 */
import { readFileSync } from "node:fs";

const { engines } = JSON.parse(
  readFileSync(new URL("../../package.json", import.meta.url), "utf8"),
);
const [least = 0, leastMinor = 0] = engines.node.replace(">=", "").split(".").map(Number);
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < least || (major === least && minor < leastMinor)) {
  console.error(`This repository needs Node ${engines.node}; this is ${process.version}.`);
  process.exit(1);
}
