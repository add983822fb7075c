/**
 * From what the user says of the store to connections of it. TLS, credentials and everything else pass through to
 * ioredis; no message of ours repeats them. Knows no queue.
 */
import type { Rule } from "astrum-options";
import { type Cluster, Redis, type RedisOptions } from "ioredis";
import { StoreUnavailableError } from "../errors.ts";
import { HIDDEN } from "../rules.ts";

/**
 * Where the store is: `{ url }`, the options of ioredis (host, port, username, password, tls, sentinels, …), both, or a
 * function that makes an ioredis client, for Redis Cluster. The function is called for each connection.
 */
export type FleetConnection =
  | (Omit<RedisOptions, "replyMapping"> & { readonly url?: string | undefined })
  | (() => Redis | Cluster);

export type Client = Redis | Cluster;

const LONGEST_PAUSE_MS = 1_000;

/** A URL is never repeated, since it may hold a password. */
export const connectionRule: Rule = (place, value, check) => {
  if (typeof value === "function") return;
  if (typeof value !== "object" || value === null)
    check.expected(
      place,
      "{ url }, options of ioredis, or a function that makes an ioredis client",
      value,
    );
  else if ("url" in value) storeUrl(`${place}.url`, value.url, check);
};

export const storeUrl: Rule = (place, value, check) => {
  const valid =
    typeof value === "string" &&
    URL.canParse(value) &&
    ["redis:", "rediss:"].includes(new URL(value).protocol);
  if (!valid)
    check.expected(place, "a URL such as redis://host:6379 or rediss://host:6380", value, HIDDEN);
};

/**
 * What the clock of the store says, in milliseconds since the Unix epoch: of the node that has `key`, so that all who ask
 * with the same key read the same clock.
 */
export async function timeOf(client: Client, key: string): Promise<number> {
  const [seconds, micros] = (await client.eval(`return redis.call("TIME")`, 1, key)) as string[];
  return Number(seconds) * 1_000 + Number(micros) / 1_000;
}

/** A connection that is tried again for ever, and whose commands wait for it. Errors go to `onError`, never thrown. */
export function openConnection(
  connection: FleetConnection,
  name: string,
  onError: (error: Error) => void,
): Client {
  const client = typeof connection === "function" ? connection() : make(connection, name);
  client.on("error", (error: unknown) => onError(storeError(error)));
  return client;
}

function make(connection: Exclude<FleetConnection, () => unknown>, name: string): Redis {
  const { url, ...given } = connection;
  const options: Omit<RedisOptions, "replyMapping"> = {
    connectionName: name,
    keepAlive: 10_000,
    retryStrategy: (times) => Math.min(50 * 2 ** Math.min(times, 10), LONGEST_PAUSE_MS),
    ...given,
    maxRetriesPerRequest: null,
  };
  return url === undefined ? new Redis(options) : new Redis(url, options);
}

/**
 * Ends what uses a connection, then the connection. BullMQ's `close` waits for a store that is out of reach; nobody else
 * does.
 */
export async function closeWith(
  client: Client,
  user: { close(): Promise<unknown> },
): Promise<void> {
  const closed = user.close().catch(() => {});
  if (client.status === "ready") await Promise.race([closed, gone(client)]);
  client.disconnect();
}

function gone(client: Client): Promise<void> {
  return new Promise((resolve) => client.once("close", resolve));
}

/**
 * What an error of the store says, and no more: those of ioredis carry the command they belong to, with the password of a
 * log-in or the payload of a job in it, and would take it into reports and logs.
 */
export function storeError(error: unknown): Error {
  const { name, message, code } = (error ?? {}) as Partial<NodeJS.ErrnoException>;
  const plain = new Error(typeof message === "string" ? message : String(error));
  if (typeof name === "string") plain.name = name;
  return code === undefined ? plain : Object.assign(plain, { code });
}

/** For a `catch`: throws what the store says as an error of ours. */
export function refusing(what: string): (error: unknown) => never {
  return (error) => {
    const cause = storeError(error);
    throw new StoreUnavailableError(`${what}: the store refuses: ${cause.message}`, { cause });
  };
}

/** Resolves when the connection can be used; rejects when that takes longer than `timeoutMs`, with what went wrong. */
export async function reachable(
  client: Client,
  timeoutMs: number,
  lastError: () => Error | undefined,
): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("it does not answer")), timeoutMs);
  });
  try {
    await Promise.race([client.ping(), late]);
  } catch (error) {
    const cause = lastError() ?? storeError(error);
    throw new StoreUnavailableError(
      `The store could not be reached within ${timeoutMs} ms: ${cause.message}. Is Redis running, and are host, port and credentials right?`,
      { cause },
    );
  } finally {
    clearTimeout(timer);
  }
}
