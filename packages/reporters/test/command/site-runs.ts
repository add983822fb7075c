/** Runs of one small flow, which the tests of the command read from files, and a folder for these. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { flow, map, type RunOptions, type SerializedReport, task } from "@astrum/core";
import { VirtualClock } from "@astrum/core/testing";
import { onTestFinished } from "vitest";
import { renderJson, renderNdjson } from "../../src/index.ts";

export interface Site {
  readonly files?: Readonly<Record<string, number>>;
  readonly build?: number;
  /** How many attempts of the build fail. */
  readonly failures?: number;
  readonly flow?: string;
  /** Of November 2026. */
  readonly day?: number;
}

/** Files are read one by one, then something is built of them, in two attempts at most. */
export async function siteRun(
  id: string,
  {
    files = { a: 100, b: 200, c: 300 },
    build = 500,
    failures = 0,
    flow: name = "site",
    day = 1,
  }: Site = {},
  options: RunOptions = {},
): Promise<SerializedReport> {
  const clock = new VirtualClock(Date.UTC(2026, 10, day));
  const list = task("list", () => Object.keys(files));
  const read = map("read", list, (file) => clock.wait(files[file] ?? 0), {
    key: (file) => file,
    resources: { db: 1 },
  });
  let left = failures;
  const made = async (): Promise<string> => {
    await clock.wait(build);
    if (left-- > 0) throw new Error("no space for index.html");
    return "built";
  };
  const retry = { attempts: 1, backoff: "fixed", baseMs: 10 } as const;
  const built = task("build", { read }, made, { retry });
  const run = flow(name, { built }).run({
    clock,
    runId: id,
    concurrency: 2,
    resources: { db: 1 },
    ...options,
  });
  return (await clock.run(run)).toJSON();
}

/** Files in a folder that is removed after the test: of a report its JSON, of several a log, of bytes these. */
export function filesOf(
  files: Readonly<
    Record<string, SerializedReport | readonly SerializedReport[] | string | Uint8Array>
  >,
): string {
  const folder = mkdtempSync(join(tmpdir(), "astrum-command-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, content] of Object.entries(files)) {
    writeFileSync(join(folder, name), textOf(content));
  }
  return folder;
}

/** A folder with every file that the lines of the pages name; of which `compare yesterday.json` says that it got worse. */
export async function documentedFiles(): Promise<string> {
  const night = { flow: "nightly" };
  const first = await siteRun("r1");
  return filesOf({
    "run.json": first,
    "run.ndjson": [first],
    "yesterday.json": first,
    "today.json": await siteRun("r2", { build: 900, day: 2 }),
    "nightly.ndjson": [
      await siteRun("night-1", night),
      await siteRun("night-2", { ...night, day: 2 }),
    ],
  });
}

function textOf(
  content: SerializedReport | readonly SerializedReport[] | string | Uint8Array,
): string | Uint8Array {
  if (typeof content === "string" || content instanceof Uint8Array) return content;
  if (Array.isArray(content)) {
    return content.map((report: SerializedReport) => renderNdjson(report)).join("");
  }
  return renderJson(content as SerializedReport);
}
