import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { expect, it } from "vitest";

it("sends what can be sent, and names the ten invoices that cannot", () => {
  const main = join(import.meta.dirname, "../main.js");
  // An example is started as its reader does; the sources need no build.
  const flags = ["--conditions=@astrum/source", "--import", import.meta.resolve("tsx"), main];
  const lines = execFileSync(process.execPath, flags, { encoding: "utf8" }).trimEnd().split("\n");
  expect(lines).toHaveLength(11);
  expect(lines[0]).toBe("990 sent, 10 failed, 141 at the second attempt");
  expect(lines[1]).toBe("  R-100: customer-100 is no address");
  expect(lines[10]).toBe("  R-1000: customer-1000 is no address");
});
