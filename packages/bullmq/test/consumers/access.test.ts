import { AsyncLocalStorage } from "node:async_hooks";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import {
  flow,
  fromEvents,
  map,
  type Observer,
  type RemoteActivator,
  serializeError,
  task,
} from "@astrum/core";
import { Cluster } from "ioredis";
import { expect, onTestFinished, test } from "vitest";
import { connectFleet, type RemoteContext, remote, serveWorker } from "../../src/index.ts";
import { freePort, startCluster } from "./redis.ts";
import { openRig, until } from "./rig.ts";

test("a user who may touch one prefix is enough, and the password is told nowhere", async () => {
  const rig = await openRig();
  await rig.redis.client.call(
    ...["ACL", "SETUSER", "tenant", "on", ">pass word", "~one:*", "&one:*"],
    ...["+@all", "-@admin", "-@dangerous", "+info"],
  );
  const url = `redis://tenant:pass%20word@127.0.0.1:${rig.redis.port}`;
  const worker = await rig.worker({ prefix: "one", connection: { url } });
  const fleet = await rig.fleet({ prefix: "one", connection: { url } });
  const { square } = remote<typeof import("../modules/jobs.ts")>();
  expect(await fleet.task(square)(3)).toBe(9);
  expect((await fleet.status()).workers).toHaveLength(1);
  const keys = await rig.redis.client.keys("*");
  expect(keys.filter((key) => !key.startsWith("one:{jobs}:"))).toEqual([]);
  const wrong = url.replace("pass%20word", "another-secret");
  const error = (await rig
    .fleet({ connection: { url: wrong, retryStrategy: () => null } })
    .catch((thrown: unknown) => thrown)) as Error;
  expect(error).toMatchObject({ name: "StoreUnavailableError" });
  const told =
    inspect(error, { depth: 10 }) + JSON.stringify([serializeError(error), worker.logged]);
  expect(told).toContain("WRONGPASS");
  expect(told).not.toMatch(/secret|pass word/);
});

test("two tenants with a queue of the same name do not see each other", async () => {
  const rig = await openRig();
  await rig.worker({ prefix: "one" });
  const other = await rig.fleet({ prefix: "two" });
  const { square } = remote<typeof import("../modules/jobs.ts")>();
  const abort = new AbortController();
  const waiting = other.task(square)(3, { signal: abort.signal });
  expect((await other.status()).workers).toEqual([]);
  abort.abort(new Error("enough"));
  await expect(waiting).rejects.toThrow("enough");
});

test("a password that is no longer right is told nowhere: not by a call, a run, a status, a log", async () => {
  const rig = await openRig();
  const { client } = rig.redis;
  await client.call("ACL", "SETUSER", "tenant", "on", ">first-secret", "~*", "&*", "+@all");
  const url = `redis://tenant:first-secret@127.0.0.1:${rig.redis.port}`;
  const connection = { url };
  const worker = await rig.worker({ connection });
  const fleet = await rig.fleet({ connection, outageMs: 3_000 });
  const jobs = remote<typeof import("../modules/jobs.ts")>();
  expect(await fleet.task(jobs.square)(3)).toBe(9);
  await client.call("ACL", "SETUSER", "tenant", "<first-secret", ">second-secret");
  await client.call("CLIENT", "KILL", "USER", "tenant");
  const thrown = (error: unknown): unknown => error;
  const errors = await Promise.all([
    fleet.status().catch(thrown),
    fleet.task(jobs.square)(3).catch(thrown),
    flow("f", { s: task("s", fleet.task(jobs.returnsHandle)) }).run({ runId: "r" }),
    connectFleet({ queue: "jobs", connection }).catch(thrown),
    serveWorker({ queue: "jobs", connection, tasks: { a: () => 1 } }).catch(thrown),
  ]);
  const [status, call, report, connect, serve] = errors;
  for (const error of [status, call, connect, serve])
    expect(error).toMatchObject({ name: "StoreUnavailableError" });
  await until(() => worker.logged.some(({ event }) => event === "store.error"));
  const told =
    inspect(errors, { depth: 12, showHidden: true }) +
    JSON.stringify([errors.map((error) => serializeError(error)), report, worker.logged]);
  expect(told).toContain("WRONGPASS");
  expect(told).not.toContain("secret");
});

test("TLS passes through, and a certificate of nobody known is refused", async () => {
  const folder = mkdtempSync(join(tmpdir(), "astrum-tls-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const [key, certificate] = [join(folder, "key.pem"), join(folder, "certificate.pem")];
  execFileSync(
    "openssl",
    [
      ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"],
      ...["-keyout", key, "-out", certificate, "-days", "2"],
      ...["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"],
    ],
    { stdio: "ignore" },
  );
  const port = await freePort();
  const rig = await openRig(
    ...["--tls-port", String(port), "--tls-cert-file", certificate, "--tls-key-file", key],
    ...["--tls-ca-cert-file", certificate, "--tls-auth-clients", "no"],
  );
  await rig.redis.client.config("SET", "requirepass", "its-secret");
  const url = `rediss://:its-secret@127.0.0.1:${port}`;
  const connection = { url, tls: { ca: readFileSync(certificate, "utf8") } };
  await rig.worker({ connection });
  const fleet = await rig.fleet({ connection });
  const { square } = remote<typeof import("../modules/jobs.ts")>();
  expect(await fleet.task(square)(3)).toBe(9);
  const refused = await rig
    .fleet({ connection: { url, retryStrategy: () => null } })
    .catch((thrown: unknown) => thrown);
  expect(refused).toMatchObject({ name: "StoreUnavailableError" });
  expect(inspect(refused, { depth: 10 })).toContain("SELF_SIGNED");
  expect(inspect(refused, { depth: 10, showHidden: true })).not.toContain("its-secret");
});

test("on a Redis Cluster a queue lies on one node, queues on several, and tasks run as anywhere", async () => {
  const nodes = await startCluster(3);
  onTestFinished(async () => void (await Promise.all(nodes.map((node) => node.close()))));
  const connection = (): Cluster =>
    new Cluster(nodes.map(({ port }) => ({ host: "127.0.0.1", port })));
  const tasks = {
    double: ({ n }: { n: number }) => n * 2,
    endless: async (_: object, context: RemoteContext) => {
      context.progress(0.5);
      await new Promise((resolve) => context.signal.addEventListener("abort", resolve));
      context.signal.throwIfAborted();
    },
  };
  const there = remote<typeof tasks>();
  const owners = new Set<number>();
  for (const queue of ["renders", "mails", "invoices", "exports"]) {
    await using _worker = await serveWorker({ queue, connection, tasks, concurrency: 20 });
    await using fleet = await connectFleet({ queue, connection, reconcileMs: 100 });
    const n = task("n", () => Array.from({ length: 50 }, (_, at) => at));
    const doubled = map("doubled", n, (each, _, context) =>
      fleet.task(there.double)({ n: each }, context),
    );
    const report = await flow("f", { doubled }).run({ runId: "r" });
    expect(report.unwrap().doubled.at(-1)).toBe(98);
    const abort = new AbortController();
    const began = fromEvents("began", (event) => {
      if (event.type === "attempt.progress") abort.abort(new Error("enough"));
    });
    const stopped = await flow("g", { e: task("e", fleet.task(there.endless)) }).run({
      signal: abort.signal,
      observers: [began],
    });
    expect(stopped.executionState).toBe("cancelled");
    expect((await fleet.status()).workers).toHaveLength(1);
    const holding = await Promise.all(
      nodes.map(async ({ client }) => (await client.keys(`astrum:{${queue}}:*`)).length),
    );
    expect(holding.filter((count) => count > 0)).toHaveLength(1);
    owners.add(holding.findIndex((count) => count > 0));
  }
  expect(owners.size).toBeGreaterThan(1);
});

test("what the observers send along is current around the function on the worker", async () => {
  const rig = await openRig();
  const ambient = new AsyncLocalStorage<string>();
  const activator: RemoteActivator = {
    name: "ambient",
    activate: (carrier, { task: name, attempt }, proceed) =>
      ambient.run(`${carrier.traceparent} ${name} ${attempt}`, proceed),
  };
  const hostile: RemoteActivator = {
    name: "hostile",
    activate() {
      throw new Error("no");
    },
  };
  await using worker = await serveWorker({
    queue: rig.queue,
    connection: { url: rig.redis.url },
    tasks: {
      current: async () => {
        await new Promise((resolve) => setImmediate(resolve));
        return ambient.getStore();
      },
    },
    activators: [hostile, activator],
  });
  const fleet = await rig.fleet();
  const observer: Observer = {
    name: "tracer",
    run: () => ({
      task: () => ({
        attempt: () => ({
          inject: (carrier) => void Object.assign(carrier, { traceparent: "00-1-2-01" }),
        }),
      }),
    }),
  };
  const { current } = remote<{ current(): Promise<string> }>();
  const report = await flow("f", { current: task("current", fleet.task(current)) }).run({
    observers: [observer],
  });
  expect(report.unwrap().current).toBe("00-1-2-01 current 1");
  expect(worker.tasks).toEqual(["current"]);
});
