/**
 * The last run of each flow in a file, for the textfile collector of node_exporter
 * (https://github.com/prometheus/node_exporter#textfile-collector): for jobs of one machine that end before they are
 * scraped.
 */
import type { Observer } from "@astrum/core";
import type { Rules } from "astrum-options";
import type { PrometheusClient } from "./client.ts";
import { Deliveries } from "./deliveries.ts";
import { LastRun } from "./last-run.ts";
import { checkObserver, clientRule, prefixRule, textRule } from "./options.ts";
import { Warnings } from "./warning.ts";

export interface TextfileOptions {
  /** The application's client: the module `prom-client` or `@prometheus-io/client`. */
  readonly client: PrometheusClient;
  /** Ends with `.prom`; its folder must exist. One file for each process that runs at the same time. */
  readonly path: string;
  /** Default "astrum_". */
  readonly prefix?: string | undefined;
}

const RULES: Rules<TextfileOptions> = {
  client: clientRule,
  path: textRule("a path that ends with .prom", (path) => path.endsWith(".prom")),
  prefix: prefixRule,
};

/**
 * Writes, when a run has ended, when its flow last completed, when it last ended, and how long that took. The file is
 * replaced as a whole, so that nobody reads half of it; what it said of other flows, and of the last success when this
 * run failed, stays. The run does not wait for it; `flushObservers()` before the process exits does. A file that cannot
 * be written is a warning.
 *
 * Throws `DefinitionError` for wrong options, an `Error` in a runtime without files.
 */
export function textfileMetrics(options: TextfileOptions): Observer {
  const files = globalThis.process?.getBuiltinModule?.("node:fs");
  if (files === undefined)
    throw new Error("textfileMetrics() needs a runtime with files, such as Node.js.");
  checkObserver("textfileMetrics", options, RULES);

  const { readFile, rename, rm, writeFile } = files.promises;
  const { client, path, prefix = "astrum_" } = options;
  const last = new LastRun(client, prefix);
  let recalled = false;
  const ended: Parameters<LastRun["ended"]>[0][] = [];

  const write = async (): Promise<void> => {
    if (!recalled) recall(last, await readFile(path, "utf8").catch(nothingWhereMissing));
    recalled = true;
    for (const event of ended.splice(0)) last.ended(event);
    const unfinished = `${path}.${process.pid}`;
    try {
      await writeFile(unfinished, await last.registry.metrics());
      await rename(unfinished, path);
    } catch (error) {
      await rm(unfinished, { force: true });
      throw error;
    }
  };
  const what = `The metrics of the last run were not written to ${path}`;
  const written = new Deliveries(write, "ASTRUM_PROMETHEUS_TEXTFILE", what, new Warnings());

  return {
    name: "prometheus-textfile",
    run: () => ({
      end(event) {
        ended.push(event);
        written.request();
      },
    }),
    flush: () => written.done,
  };
}

/** `name{flow="…"} value`, as the client wrote it. */
const SAMPLE = /^([a-zA-Z0-9_:]+)\{flow="((?:[^"\\]|\\.)*)"\} (\S+)$/;

function nothingWhereMissing(error: NodeJS.ErrnoException): string {
  if (error.code === "ENOENT") return "";
  throw error;
}

/** What the process before this one left in the file. */
function recall(last: LastRun, text: string): void {
  const { names } = last;
  for (const line of text.split("\n")) {
    const [, name = "", flow = "", value = ""] = SAMPLE.exec(line) ?? [];
    const key = names.get(name);
    if (key !== undefined && Number.isFinite(Number(value))) {
      last.set(key, unescaped(flow), Number(value));
    }
  }
}

function unescaped(text: string): string {
  return text.replaceAll(/\\(.)/g, (_, character) => (character === "n" ? "\n" : character));
}
