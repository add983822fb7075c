/**
 * From what the user says of the store to connections of it. TLS, credentials and everything else pass through to
 * ioredis; no message of ours repeats them. Knows no queue.
 */
import { type Cluster, Redis, type RedisOptions } from "ioredis";
import type { Check } from "../check.ts";
import { StoreUnavailableError } from "../errors.ts";

/**
 * Where the store is: `{ url }`, the options of ioredis (host, port, username, password, tls, sentinels, …), both, or a
 * function that makes an ioredis client, for Redis Cluster. The function is called for each connection.
 */
export type FleetConnection =
  | (Omit<RedisOptions, "replyMapping"> & { readonly url?: string | undefined })
  | (() => Redis | Cluster);

export type Client = Redis | Cluster;

const LONGEST_PAUSE_MS = 1_000;

/** Collects what is wrong with it; a URL in it is never repeated, since it may hold a password. */
export function checkConnection(check: Check, connection: unknown): void {
  if (typeof connection === "function") return;
  if (typeof connection !== "object" || connection === null) {
    check.fault(
      "Expected `connection` to be { url }, options of ioredis, or a function that makes an ioredis client",
    );
    return;
  }
  if (!("url" in connection)) return;
  const { url } = connection;
  const valid =
    typeof url === "string" &&
    URL.canParse(url) &&
    ["redis:", "rediss:"].includes(new URL(url).protocol);
  if (!valid)
    check.fault(
      "Expected `connection.url` to be a URL such as redis://host:6379 or rediss://host:6380, got something else (not shown: it may hold a password)",
    );
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
