import { AsyncLocalStorage } from "node:async_hooks";
import { inspect } from "node:util";
import { flow, type Observer, type RemoteActivator, serializeError, task } from "@astrum/core";
import { expect, test } from "vitest";
import { remote, serveWorker } from "../../src/index.ts";
import { openRig } from "./rig.ts";

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
