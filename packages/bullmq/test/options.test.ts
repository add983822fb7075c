import { expect, it } from "vitest";
import { workerCommand } from "../src/command/arguments.ts";
import { connectFleet, remote, serveWorker } from "../src/index.ts";

const messageOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => "",
    (error: Error) => `${error.name}: ${error.message}`,
  );

it("A fleet says everything that is wrong with its options before it connects, and no password", async () => {
  const options = { queue: "a:b", connection: { url: "http://u:secret@h" }, leaseMs: 1, lease: 1 };
  const message = await messageOf(connectFleet(options as never));
  expect(message).toMatch(/^TypeError: connectFleet: /);
  for (const part of ["`lease`", "`connection.url`", "`queue`", "`leaseMs`"])
    expect(message).toContain(part);
  expect(message).not.toContain("secret");
});

it("What may be the URL of a store is repeated by no message, wherever it was given", async () => {
  const url = "redis://user:secret@host";
  const messages = [
    await messageOf(connectFleet({ queue: url, prefix: url, leaseMs: url } as never)),
    await messageOf(connectFleet({ queue: "q", connection: url } as never)),
    await messageOf(serveWorker({ queue: "q", connection: { url: `http:${url}` }, tasks: {} })),
    await messageOf(serveWorker({ queue: "q", connection: { url }, tasks: url })),
  ];
  for (const args of [[url], ["--queue", url], ["--threads", url], [`--redi=${url}`]])
    messages.push(await messageOf((async () => workerCommand(args, {}))()));
  for (const message of messages) {
    expect(message).toMatch(/^\w*Error: /);
    expect(message).not.toContain("secret");
  }
});

it("A worker says everything that is wrong with its options before it connects", async () => {
  const message = await messageOf(
    serveWorker({ queue: "q", connection: {}, tasks: {}, threads: 4, lease: { lock: 1 } } as never),
  );
  for (const part of ["serveWorker", "`lease.lock`", "`threads`", "`tasks`"])
    expect(message).toContain(part);
});

it("A module that cannot be imported, or exports nothing, is told before anything connects", async () => {
  const connection = { port: 1 };
  const missing = new URL("file:///nowhere/jobs.js");
  expect(await messageOf(serveWorker({ queue: "q", connection, tasks: missing }))).toContain(
    "file:///nowhere/jobs.js cannot be imported",
  );
  expect(await messageOf(serveWorker({ queue: "q", connection, tasks: { a: 1 } }))).toContain(
    "export no function",
  );
  const two = [{ a: () => 1 }, { a: () => 2 }];
  expect(await messageOf(serveWorker({ queue: "q", connection, tasks: two }))).toContain(
    'two modules export a task "a"',
  );
});

it("A reference is a name, and nothing that looks like a promise", async () => {
  const jobs = remote<{ a(n: number): number }>();
  expect(jobs.a).toEqual({ exportName: "a" });
  expect(await jobs).toBe(jobs);
});

it("The command line is read, and everything wrong with it is told at once", () => {
  const env = { REDIS_URL: "redis://env" };
  const command = workerCommand(["/a/jobs.js", "--queue", "q", "--threads", "4"], env);
  expect(command).toMatchObject({
    mode: "serve",
    modules: ["/a/jobs.js"],
    threads: 4,
    url: "redis://env",
  });
  expect(() => workerCommand(["--threads", "many"], {})).toThrow(
    "--queue is missing; no module is given: astrum-worker ./jobs.js --queue renders; --threads needs a whole number, got `many`.",
  );
  expect(workerCommand(["--help"], {}).mode).toBe("help");
});
