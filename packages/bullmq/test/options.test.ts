import { expect, it } from "vitest";
import { workerCommand } from "../src/command/arguments.ts";
import { connectFleet, remote, serveWorker } from "../src/index.ts";
import { runnerTasks, taskSettings } from "../src/scheduler/task-options.ts";

const messageOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => "",
    (error: Error) => `${error.name}: ${error.message}`,
  );

it("A fleet says everything that is wrong with its options before it connects, and no password", async () => {
  const options = { queue: "a:b", connection: { url: "http://u:secret@h" }, leaseMs: 1, lease: 1 };
  const message = await messageOf(connectFleet(options as never));
  expect(message).toMatch(/^TypeError: connectFleet\(\): /);
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
  for (const part of ["serveWorker", "`lock` of `lease`", "`threads`", "`tasks`"])
    expect(message).toContain(part);
});

it("An option that nobody knows is told with the one that was probably meant", async () => {
  const of = { queue: "q", connection: {} };
  expect(await messageOf(connectFleet({ ...of, leasMs: 1 } as never))).toContain('"leaseMs"?');
  const worker = { ...of, tasks: {}, lease: { lockMS: 1 }, metrics: { client: {}, regstry: 1 } };
  const message = await messageOf(serveWorker(worker as never));
  for (const part of ['"lockMs"?', "`metrics.client`", '"registry"?'])
    expect(message).toContain(part);
});

it("What is no record of options is told, wherever it was given: nothing reads from it", async () => {
  const given = { queue: "q", connection: {}, tasks: {} };
  for (const none of [null, 5, [], new Map()]) {
    const [who, what] = [/^TypeError: (connectFleet|serveWorker)\(\): /, "to be an object"];
    for (const message of [
      await messageOf(connectFleet(none as never)),
      await messageOf(serveWorker(none as never)),
      await messageOf(serveWorker({ ...given, lease: none, http: none } as never)),
    ]) {
      expect(message).toMatch(who);
      expect(message).toContain(what);
    }
  }
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

it("What a task and a runner of the fleet are told is checked when they are made", () => {
  const { a, ...others } = remote<{ a(n: number): number }>();
  const bad = [null, new Map(), 5] as never[];
  for (const none of bad) {
    expect(() => taskSettings(a, none)).toThrow("fleet.task(): Expected its options to be");
    expect(() => taskSettings(none, {})).toThrow("Expected `ref` to be a reference");
    expect(() => runnerTasks(none)).toThrow("fleet.runner(): Expected its options to be");
    expect(() => runnerTasks({ tasks: none })).toThrow("Expected `tasks` to be a record");
    expect(() => runnerTasks({ tasks: { mine: none } })).toThrow("Expected `tasks.mine` to be");
  }
  expect(() => runnerTasks({ tasks: others })).toThrow("has no list of names");
  expect(() => taskSettings(a, { priority: 1 })).toThrow("from -2097151 to 0");
  expect(() => taskSettings(a, { prioriy: 0 } as never)).toThrow('Did you mean "priority"?');
  expect(taskSettings(a, {})).toEqual({ exportName: "a", priority: 0 });
  expect([...runnerTasks({ tasks: { mine: a } })]).toEqual([
    ["mine", { exportName: "a", priority: 0 }],
  ]);
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
    '--queue is missing; no module is given: astrum-worker ./jobs.js --queue renders; --threads needs a whole number, got "many".',
  );
  const store = { REDIS_URL: "http://user:secret@host" };
  expect(() => workerCommand(["--status", "--queue", "a:b"], store)).toThrow(
    'Expected `--queue` to be a name of 1 to 128 characters without spaces, colons and braces, got "a:b"; Expected `$REDIS_URL` to be a URL',
  );
  expect(workerCommand(["--help"], store).mode).toBe("help");
});
