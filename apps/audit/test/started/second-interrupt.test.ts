/** What a second Ctrl-C does. */
import { type ChildProcess, spawn } from "node:child_process";
import { on, once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { expect, onTestFinished, test } from "vitest";
import { program, signalWhen } from "../program.ts";
import { temporaryTree } from "../temporary-tree.ts";

test("a second Ctrl-C ends the program at once, whatever it waits for", async () => {
  const files = Array.from({ length: 200 }, (_, n) => [`f${n}.md`, `# ${n}\n`] as const);
  const root = temporaryTree(Object.fromEntries(files));
  // It never answers, and the program waits for it.
  const collector = createServer(() => {});
  collector.listen(0, "127.0.0.1");
  await once(collector, "listening");
  onTestFinished(() => {
    collector.close();
    collector.closeAllConnections();
  });
  const asked = once(collector, "request");
  const { port } = collector.address() as AddressInfo;
  const out = join(temporaryTree(), "out");
  const where = ["--out", out, "--otlp", `http://127.0.0.1:${port}`, "--workers", "0"];
  const node = signalWhen(/ discover /, "SIGINT");
  const child = spawn(process.execPath, [...node, program, ...where, root], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  const ended = once(child, "close");
  await told(child, /"--resume" goes on from here/);
  await asked;
  child.kill("SIGINT");
  expect(await ended).toEqual([null, "SIGINT"]);
});

/** Resolves when the program has told that. */
async function told(child: ChildProcess, expected: RegExp): Promise<void> {
  let text = "";
  for await (const chunk of on(child.stderr as Readable, "data", { close: ["close"] })) {
    text = text.slice(-1000) + chunk;
    if (expected.test(text)) return;
  }
  throw new Error(`${expected} was not told:\n${text}`);
}
