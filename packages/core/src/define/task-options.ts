/**
 * What a task can be told beside its function and its inputs: retries, limits, conditions. The same through both doors,
 * checked with the whole graph. Knows no graph.
 */
import { type Issues, isString } from "../ground/check.ts";
import { checkSchema } from "./schema.ts";

export interface RetryPolicy {
  /** Retries after the first attempt; `3` means four attempts. */
  readonly attempts: number;
  /** The delay before retry 1, 2, …: `none` (default) 0, `fixed` `baseMs`, `linear` `baseMs · n`, `exponential` `baseMs · 2ⁿ⁻¹`, or your own milliseconds. */
  readonly backoff?:
    | "none"
    | "fixed"
    | "linear"
    | "exponential"
    | ((retry: number, error: unknown) => number)
    | undefined;
  /** Default 100. */
  readonly baseMs?: number | undefined;
  /** The longest delay, `retryAfterMs` of an error excepted. Default 30,000. */
  readonly maxMs?: number | undefined;
  /** `full`: a random delay between 0 and the computed one. Default `none`. */
  readonly jitter?: "none" | "full" | undefined;
  /**
   * `false` makes this failure final. A promise is waited for while the attempt keeps its slot; when the task is asked to
   * stop meanwhile, that means no.
   */
  readonly retryIf?:
    | ((error: unknown, retry: number) => boolean | PromiseLike<boolean>)
    | undefined;
}

/** What a result is the result of, for the cache. */
export interface CacheOptions<in V = unknown> {
  /**
   * Asked once, before the task queues: any value that has an encoding, or a promise of one. Default: the values of all
   * inputs. One that throws fails the task.
   */
  readonly key?: ((inputs: V) => unknown) | undefined;
  /** How long a result counts, in milliseconds from when it is kept. Default: for good. */
  readonly ttlMs?: number | undefined;
}

/** The same of a map: each item has a key of its own. */
export interface ItemCacheOptions<in E = unknown> {
  /**
   * Asked once an item, when the list is known. Default: the values of the item and all other inputs; and its index, where
   * the function of the map takes that and the map has no `key`.
   */
  readonly key?: ((item: E, index: number) => unknown) | undefined;
  /** As of a task. */
  readonly ttlMs?: number | undefined;
}

/**
 * `V`: what `when` is asked with. `S`: the schema in `output`, when there is one: options that are written down as
 * `TaskOptions` have none, and leave the type of whatever task they are given to as it is. `F`: what `fallback` gives.
 */
export interface TaskOptions<in V = unknown, out S = undefined, out F = never> {
  /** A number means that many retries without delay. Default 0. */
  readonly retry?: number | RetryPolicy | undefined;
  /** For each attempt, in milliseconds, from the start of the function; not the time in the queue. */
  readonly timeoutMs?: number | undefined;
  /**
   * For all attempts and back-offs together, in milliseconds, from the start of the first attempt, not in the queue before
   * it; of a map, each item's.
   * An attempt that runs then is asked to stop and has failed for good, and no retry begins that would start at or after
   * it: the task fails at once with what its last attempt threw.
   */
  readonly deadlineMs?: number | undefined;
  /** How long an attempt that was asked to stop is waited for, in milliseconds. Default: what the run says. */
  readonly graceMs?: number | undefined;
  /**
   * A stop waits for an attempt that has begun, `graceMs` at most: its signal is not aborted, and what it returns counts,
   * and is stored, also when the run was stopped. Only its own `timeoutMs` and `deadlineMs` ask it to stop. After a stop
   * it has no other attempt. For what must not be left half done, such as a commit. Default `false`.
   */
  readonly uninterruptible?: boolean | undefined;
  /**
   * Higher goes first when tasks compete for capacity. It reaches every task that this one depends on, however far away.
   * Default 0.
   */
  readonly priority?: number | undefined;
  /**
   * Units of the run's `resources` that an attempt holds while it runs; of a `RateLimit`, that it spends. A function is
   * asked once, with the inputs, before the task queues; one that throws, or wants more than there can be, fails the task.
   */
  readonly resources?: Readonly<Record<string, number | ((inputs: V) => number)>> | undefined;
  /**
   * Asked once, with the resolved inputs, before the task queues: `false` or `{ skip }` means skipped, with the reason. A
   * promise is waited for, without a slot; when it is rejected, the task has failed.
   */
  readonly when?:
    | ((
        inputs: V,
      ) => boolean | { readonly skip: string } | PromiseLike<boolean | { readonly skip: string }>)
    | undefined;
  /** `ignore`: recorded as failed, its default-edge dependents are skipped, the run goes on and is not failed by it. */
  readonly onFailure?: "fail" | "ignore" | undefined;
  /**
   * The value in the place of a task that has failed for good, whatever the cause; of a map, in the place of each such
   * item. It is asked once, with the error, after the last attempt; a promise is awaited, and holds no capacity. Not asked
   * for what was stopped, called off or skipped, nor when the journal failed. The failure is recorded and tolerated, and
   * dependents run with the value, which no schema checks. One that throws is the failure, with the first error as its
   * cause.
   */
  readonly fallback?: ((error: unknown) => F) | undefined;
  /** Checks, and may convert, what the function returned. */
  readonly output?: S | undefined;
  /**
   * Where the run has a `cache`: a result that is there for the same key is taken instead of an attempt, and one that is
   * not is kept. Part of the key are the flow's name, the task's own name, inputs and `version`.
   */
  readonly cache?: CacheOptions<V> | undefined;
  /** What the task is to be found by in reports. They change nothing. */
  readonly tags?: readonly string[] | undefined;
  /** What the task does, in words for those who read the report. */
  readonly description?: string | undefined;
  /** Part of the resume fingerprint: change it when the function's meaning changes. */
  readonly version?: string | undefined;
}

/** What `release` is called with beside the value. */
export interface ReleaseContext {
  /** Aborted when nobody waits any more: its `graceMs` is over, or the run was aborted a second time. */
  readonly signal: AbortSignal;
}

/** Of a task whose value lives until the last task that reads it has ended: a database, a temporary folder, a browser. */
export interface Living<in T = never> {
  /**
   * Lets go of the value. Called once for every value that the function gives, when the last dependent has ended, at once
   * when there is none that can still run; awaited before the run settles, whatever ended the run, for at most the run's
   * `graceMs`. One that throws fails a run that had completed, at its end. Not for maps and tail tasks; such a task is
   * never restored.
   */
  readonly release?: ((value: NoInfer<T>, context: ReleaseContext) => unknown) | undefined;
  /**
   * Settles, either way, when the value has gone by itself, as with the process of a server: the tasks that read it and run
   * are asked to stop, and they and those that have not started fail with a `LostError`, whose cause is what it settled
   * with; none is retried. It is released all the same. Called once, when the task has completed and somebody is to read
   * it; one that throws, or gives no promise, is as one that was rejected with that. Nobody hears a promise that was made
   * before it is asked for: let such a one resolve, not reject. Only with `release`.
   */
  readonly lost?: ((value: NoInfer<T>) => PromiseLike<unknown>) | undefined;
}

/**
 * `when` is asked once for the whole map, everything else is each item's. `E`: an item. `M`: what `items` says: options
 * that are written down as `MapOptions` say nothing, so that the type of a map is known where it is made.
 */
export interface MapOptions<
  in V = unknown,
  out S = undefined,
  in E = unknown,
  out M extends "all" | "settled" = "all",
  out F = never,
> extends Omit<TaskOptions<V, S, F>, "resources" | "cache"> {
  /** As of a task, for each item. */
  readonly cache?: ItemCacheOptions<E> | undefined;
  /** As of a task, for each item: a function is asked once an item, when the list is known. */
  readonly resources?:
    | Readonly<Record<string, number | ((item: E, index: number) => number)>>
    | undefined;
  /**
   * What each item is called, shown beside its index: a text of 1 to 256 characters, unique in the map. Called once an
   * item, when the list is known; a key that is there twice, or a function that throws, fails the map.
   */
  readonly key?: ((item: E, index: number) => string) | undefined;
  /**
   * `settled`: items fail alone. Their failures are tolerated, and the map completes with the outcome of every item, in
   * order. Default `all`: one that fails fails the map, with a `MapError`.
   */
  readonly items?: M | undefined;
  /** Items that run at once. Default: no limit but the run's. */
  readonly concurrency?: number | undefined;
}

/** What a task may be told that has a flow inside of it, and no attempts of its own. `V`: what `when` is asked with. */
export type ParentOptions<F = never, V = never> = Pick<
  TaskOptions<V, undefined, F>,
  "deadlineMs" | "onFailure" | "fallback" | "when" | "priority" | "tags" | "description" | "version"
>;

export const OPTION_KEYS: readonly string[] = [
  "retry",
  "timeoutMs",
  "deadlineMs",
  "graceMs",
  "uninterruptible",
  "priority",
  "resources",
  "when",
  "onFailure",
  "fallback",
  "output",
  "cache",
  "tags",
  "description",
  "version",
  "release",
  "lost",
];
const MAP_OPTION_KEYS = [...OPTION_KEYS, "concurrency", "key", "items"];
const PARENT_OPTION_KEYS = [
  "deadlineMs",
  "when",
  "onFailure",
  "fallback",
  "priority",
  "tags",
  "description",
  "version",
] as const satisfies readonly (keyof ParentOptions)[];
/** What a loop is told beside these. */
export const LOOP_KEYS: readonly string[] = ["first", "next", "until", "max"];
const RETRY_KEYS = ["attempts", "backoff", "baseMs", "maxMs", "jitter", "retryIf"];

/** Checks the options of one task, wherever they were written. */
export function checkOptions(
  issues: Issues,
  {
    name,
    kind,
    role,
    options,
  }: {
    readonly name: string;
    readonly kind: "task" | "map";
    readonly role?: "subflow" | "loop" | undefined;
    readonly options: unknown;
  },
): void {
  const path = ["tasks", name] as const;
  const given = options as MapOptions<never, unknown, never, "all" | "settled", unknown> & Living;
  issues.record(path, given, keysOf(kind, role));
  checkRetry(issues, [...path, "retry"], given.retry);
  const { priority, tags } = given;
  issues.timeLimit([...path, "timeoutMs"], given.timeoutMs);
  issues.timeLimit([...path, "deadlineMs"], given.deadlineMs);
  issues.amount([...path, "graceMs"], given.graceMs);
  if (![undefined, true, false].includes(given.uninterruptible)) {
    issues.expected([...path, "uninterruptible"], "true or false", given.uninterruptible);
  }
  if (priority !== undefined && !Number.isFinite(priority)) {
    issues.expected([...path, "priority"], "a finite number", priority);
  }
  const resources = issues.record([...path, "resources"], given.resources);
  for (const resource in resources) {
    const amount = resources[resource];
    if (amount === undefined || typeof amount === "function") continue;
    if (!Number.isSafeInteger(amount) || (amount as number) < 0) {
      issues.expected(
        [...path, "resources", resource],
        "an integer from 0 up or a function",
        amount,
      );
    }
  }
  issues.callable([...path, "when"], given.when);
  issues.oneOf([...path, "onFailure"], given.onFailure, ["fail", "ignore"]);
  issues.callable([...path, "fallback"], given.fallback);
  checkSchema(issues, [...path, "output"], given.output);
  issues.array([...path, "tags"], tags, "strings", isString);
  for (const key of ["description", "version"] as const) {
    if (given[key] !== undefined && typeof given[key] !== "string") {
      issues.expected([...path, key], "a string", given[key]);
    }
  }
  const cache = issues.record([...path, "cache"], given.cache, ["key", "ttlMs"]);
  issues.callable([...path, "cache", "key"], cache?.key);
  issues.amount([...path, "cache", "ttlMs"], cache?.ttlMs);
  checkLiving(issues, path, kind, given);
  issues.integer([...path, "concurrency"], given.concurrency, 1);
  issues.callable([...path, "key"], given.key);
  issues.oneOf([...path, "items"], given.items, ["all", "settled"]);
  if (given.items === "settled" && given.fallback !== undefined) {
    issues.add(
      "unread-fallback",
      `The fallback of map "${name}" is for nobody, since its items fail alone and the map gives their outcomes: leave out \`fallback\` or \`items: "settled"\``,
      [...path, "fallback"],
    );
  }
}

function keysOf(kind: "task" | "map", role: "subflow" | "loop" | undefined): readonly string[] {
  if (role === undefined) return kind === "map" ? MAP_OPTION_KEYS : OPTION_KEYS;
  // So that a step is guessed at, whose name is not written right.
  return role === "loop" ? [...PARENT_OPTION_KEYS, ...LOOP_KEYS] : PARENT_OPTION_KEYS;
}

function checkLiving(
  issues: Issues,
  path: readonly [string, string],
  kind: "task" | "map",
  { release, lost, cache }: Living & { readonly cache?: unknown },
): void {
  issues.callable([...path, "release"], release);
  issues.callable([...path, "lost"], lost);
  if (cache !== undefined && release !== undefined) {
    issues.add(
      "cache-of-living",
      `Task "${path[1]}" has \`cache\` and \`release\`: what lives ends with its run, and cannot be kept. Leave out one of them`,
      [...path, "cache"],
    );
  }
  if (lost !== undefined && release === undefined) {
    issues.add(
      "lost-without-release",
      `Task "${path[1]}" has \`lost\` and no \`release\`: only what lives can be lost. Give it a \`release\`, be it an empty one`,
      [...path, "lost"],
    );
  }
  if (release === undefined || kind === "task") return;
  issues.add(
    "release-of-map",
    `Map "${path[1]}" cannot have \`release\`: its value is a list that lives nowhere. Make what lives a task of its own, and let the map read it`,
    [...path, "release"],
  );
}

function checkRetry(issues: Issues, path: readonly string[], retry: unknown): void {
  if (retry === undefined) return;
  if (typeof retry !== "object" || retry === null) {
    issues.integer(path, retry, 0);
    return;
  }
  const policy = issues.record(path, retry, RETRY_KEYS);
  if (policy === undefined) return;
  if (policy.attempts === undefined) {
    issues.expected([...path, "attempts"], "an integer from 0 up", undefined);
  }
  issues.integer([...path, "attempts"], policy.attempts, 0);
  const { backoff } = policy;
  const known = ["none", "fixed", "linear", "exponential"].includes(backoff as string);
  if (backoff !== undefined && typeof backoff !== "function" && !known) {
    const words = '"none", "fixed", "linear", "exponential" or a function';
    issues.expected([...path, "backoff"], words, backoff);
  }
  issues.amount([...path, "baseMs"], policy.baseMs);
  issues.amount([...path, "maxMs"], policy.maxMs);
  issues.oneOf([...path, "jitter"], policy.jitter, ["none", "full"]);
  issues.callable([...path, "retryIf"], policy.retryIf);
}
