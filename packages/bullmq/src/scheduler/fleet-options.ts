/** What a scheduler can say of its fleet, checked where it enters, every fault at once. Knows no connection. */
import { flag, integer, type Rules, required } from "astrum-options";
import { DiscreetCheck, KEY_PART, keyPart, secret, timerMs } from "../rules.ts";
import { connectionRule, type FleetConnection } from "../store/connection.ts";

export interface FleetOptions {
  /** Which workers: those that serve the queue of this name. */
  readonly queue: string;
  /** How to reach the store. */
  readonly connection: FleetConnection;
  /** Separates tenants that share a store: the first part of every key. Default "astrum". */
  readonly prefix?: string | undefined;
  /** How often the state of what is under way is read, in milliseconds. Default 1,000. Events are only hints. */
  readonly reconcileMs?: number | undefined;
  /** How long results stay in the store, for a scheduler that is started again. Default 86,400, a day. */
  readonly keepResultsSec?: number | undefined;
  /** What the arguments of an attempt, and its result, may have as JSON. Default 1,048,576. */
  readonly maxPayloadBytes?: number | undefined;
  /** How long a run belongs to a scheduler that does not say any more that it is there. Default 10,000. */
  readonly leaseMs?: number | undefined;
  /**
   * How long the store may be out of reach, or refuse to write, before attempts fail. Time in which this process itself
   * stood still does not count. Default 60,000.
   */
  readonly outageMs?: number | undefined;
  /** How long workers may hand on a task that none of them has before its attempt fails. Default 60,000. */
  readonly unknownTaskMs?: number | undefined;
  /** Whether to listen to events. Without them every attempt settles by `reconcileMs`. Default true. */
  readonly events?: boolean | undefined;
  /** At least 16 characters, the same as the workers'. Unsigned jobs are refused there, unsigned results here. */
  readonly signingKey?: string | undefined;
}

/** The same with its defaults: only a key may still be none. */
export type FleetSettings = {
  readonly [K in Exclude<keyof FleetOptions, "signingKey">]-?: NonNullable<FleetOptions[K]>;
} & { readonly signingKey: string | undefined };

/** BullMQ and the store hold strings of at most 512 MiB; well below, one payload already stops all others. */
const MOST_BYTES = 256 * 2 ** 20;
const MOST_SECONDS = 2_147_483;

const RULES: Rules<FleetOptions> = {
  queue: required(KEY_PART, keyPart),
  connection: connectionRule,
  prefix: keyPart,
  reconcileMs: timerMs(10),
  keepResultsSec: integer(1, MOST_SECONDS),
  maxPayloadBytes: integer(1, MOST_BYTES),
  leaseMs: timerMs(100),
  outageMs: timerMs(100),
  unknownTaskMs: timerMs(1),
  events: flag,
  signingKey: secret,
};

/** Throws a `TypeError` that lists everything that is wrong. */
export function fleetSettings(options: FleetOptions): FleetSettings {
  const check = new DiscreetCheck("connectFleet");
  check.record("", options, RULES);
  check.done();
  return {
    queue: options.queue,
    connection: options.connection,
    prefix: options.prefix ?? "astrum",
    reconcileMs: options.reconcileMs ?? 1_000,
    keepResultsSec: options.keepResultsSec ?? 86_400,
    maxPayloadBytes: options.maxPayloadBytes ?? 2 ** 20,
    leaseMs: options.leaseMs ?? 10_000,
    outageMs: options.outageMs ?? 60_000,
    unknownTaskMs: options.unknownTaskMs ?? 60_000,
    events: options.events ?? true,
    signingKey: options.signingKey,
  };
}
