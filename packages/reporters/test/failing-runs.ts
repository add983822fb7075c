/**
 * Runs that fail in the ways that real ones do: nothing listens, a library wraps what it caught, a cause is three deep, a
 * time limit passes, a function throws before it first waits. The errors of the runtime are its own.
 */
import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
import { type ExecutionReport, type Flow, flow, map, type RunOptions, task } from "@astrum/core";
import { VirtualClock } from "@astrum/core/testing";

/** What each failed task must be told with, wherever somebody looks: its root causes. */
export const ROOTS: Readonly<Record<string, readonly string[]>> = {
  database: ["connect ECONNREFUSED 127.0.0.1:"],
  page: ["fetch failed", "connect ECONNREFUSED 127.0.0.1:"],
  mirrors: ["mirror one", "certificate has expired", "mirror two", "no such host"],
  deep: ["cannot save", "cannot write", "the disk is full"],
  slow: ["took longer than 50 ms", 'last progress: 40 %, "page 3"'],
  sudden: ["cannot start"],
  text: ['"only a text"'],
  "items[1]": ["item is broken", "because of this"],
};

/** Frames as V8 writes them: those of the application, then those of a library. */
export function framed(error: Error, file: string, libraries = 7): Error {
  const own = [1, 2, 3].map((line) => `    at step${line} (/srv/app/src/${file}.ts:${line}:5)`);
  const others = Array.from(
    { length: libraries },
    (_, at) => `    at Query.${at} (/srv/app/node_modules/some-library/lib/query.js:${at + 1}:9)`,
  );
  error.stack = [`${error.name}: ${error.message}`, ...own, ...others].join("\n");
  return error;
}

/** Three errors, each the cause of the one before, each with ten frames. */
export function deepError(): Error {
  const root = framed(new Error("the disk is full"), "disk");
  const middle = framed(new Error("cannot write", { cause: root }), "write");
  return framed(new Error("cannot save", { cause: middle }), "save");
}

async function errorsOfTheRuntime(): Promise<{ database: Error; page: Error }> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  const addresses = [
    { address: "::1", family: 6 },
    { address: "127.0.0.1", family: 4 },
  ];
  const socket = connect({
    host: "nowhere.invalid",
    port,
    lookup: (_host, _options, done) => done(null, addresses as never),
  });
  const database = await new Promise<Error>((resolve) => {
    socket.once("error", resolve);
  });
  const page = await fetch(`http://127.0.0.1:${port}`).catch((error: Error) => error);
  return { database, page: page as Error };
}

function mirrorError(): Error {
  const one = framed(
    new Error("mirror one", { cause: framed(new Error("certificate has expired"), "tls") }),
    "mirror",
    2,
  );
  const two = framed(new Error("mirror two", { cause: new Error("no such host") }), "mirror", 2);
  return new AggregateError([one, two], "All promises were rejected");
}

export async function failingRun(clock: VirtualClock = new VirtualClock()): Promise<{
  readonly graph: Flow<object>;
  readonly options: RunOptions;
  run(more?: RunOptions): Promise<ExecutionReport<object>>;
}> {
  const { database, page } = await errorsOfTheRuntime();
  const throws = (error: unknown) => async () => {
    await clock.wait(1);
    throw error;
  };
  const explode = (): never => {
    throw new Error("cannot start");
  };
  const list = task("list", () => [0, 1, 2]);
  const graph = flow("failing", {
    database: task("database", throws(database)),
    page: task("page", throws(page)),
    mirrors: task("mirrors", throws(mirrorError())),
    deep: task("deep", throws(deepError())),
    sudden: task("sudden", () => explode()),
    text: task("text", throws("only a text")),
    slow: task(
      "slow",
      (_, { progress, signal }) => {
        progress(0.4, "page 3");
        return clock.wait(1000, signal);
      },
      { timeoutMs: 50 },
    ),
    items: map("items", list, (item) => {
      if (item === 1) throw new Error("item is broken", { cause: new Error("because of this") });
    }),
  });
  const options: RunOptions = { clock, failure: "continue", runId: "failing" };
  return {
    graph,
    options,
    run: (more = {}) => clock.run(graph.run({ ...options, ...more })),
  };
}
