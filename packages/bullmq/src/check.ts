/** Gathers what is wrong with options, so that one error names it all, before anything ran. Knows no option by itself. */

import { text } from "astrum-crossing";

const LONGEST_TIMER_MS = 2 ** 31 - 1;

export class Check {
  readonly #where: string;
  readonly #faults: string[] = [];

  constructor(where: string) {
    this.#where = where;
  }

  fault(text: string): void {
    this.#faults.push(text);
  }

  /** Whether `options` is a record; every key that is not among the known ones is a fault. */
  keys(options: unknown, known: readonly string[], of = ""): options is Record<string, unknown> {
    if (typeof options !== "object" || options === null || Array.isArray(options)) {
      this.fault(`Expected ${of === "" ? "options" : `\`${of.slice(0, -1)}\``} to be an object`);
      return false;
    }
    for (const key of Object.keys(options))
      if (!known.includes(key))
        this.fault(`Unknown option \`${of}${key}\`; there are ${known.join(", ")}`);
    return true;
  }

  /** Milliseconds that a timer can wait for. */
  ms(value: unknown, name: string, fallback: number, from = 1): number {
    return this.#number(value, name, fallback, from, LONGEST_TIMER_MS, "a number of milliseconds");
  }

  integer(
    value: unknown,
    name: string,
    fallback: number,
    from: number,
    to: number = Number.MAX_SAFE_INTEGER,
  ): number {
    const checked = this.#number(value, name, fallback, from, to, "an integer");
    if (Number.isInteger(checked)) return checked;
    this.fault(`Expected \`${name}\` to be an integer, got ${shown(value)}`);
    return fallback;
  }

  #number(
    value: unknown,
    name: string,
    fallback: number,
    from: number,
    to: number,
    kind: string,
  ): number {
    if (value === undefined) return fallback;
    if (typeof value === "number" && value >= from && value <= to) return value;
    const upTo = to === Number.MAX_SAFE_INTEGER ? "up" : `to ${to.toLocaleString("en-US")}`;
    this.fault(`Expected \`${name}\` to be ${kind} from ${from} ${upTo}, got ${shown(value)}`);
    return fallback;
  }

  /** A part of the name of every key in the store: no colon, no brace, no space. */
  keyPart(value: unknown, name: string, fallback: string | undefined): string {
    if (value === undefined && fallback !== undefined) return fallback;
    if (typeof value === "string" && /^[^\s:{}]{1,128}$/.test(value)) return value;
    this.fault(
      `Expected \`${name}\` to be a name of 1 to 128 characters without spaces, colons and braces, got ${shown(value)}`,
    );
    return "invalid";
  }

  flag(value: unknown, name: string, fallback: boolean): boolean {
    if (value === undefined) return fallback;
    if (typeof value !== "boolean")
      this.fault(`Expected \`${name}\` to be true or false, got ${shown(value)}`);
    return value === true;
  }

  callable(value: unknown, name: string): void {
    if (value !== undefined && typeof value !== "function")
      this.fault(`Expected \`${name}\` to be a function, got \`${typeof value}\``);
  }

  /** A secret: its value is never part of a message. */
  secret(value: unknown, name: string): string | undefined {
    if (value === undefined) return undefined;
    if (typeof value === "string" && value.length >= 16) return value;
    this.fault(`Expected \`${name}\` to be a string of at least 16 characters`);
    return undefined;
  }

  /** Throws a `TypeError` when there were faults. */
  done(): void {
    if (this.#faults.length > 0) throw new TypeError(`${this.#where}: ${this.#faults.join(". ")}.`);
  }
}

/** What was given instead, for a message; a text that may be the URL of a store, with its password, is not repeated. */
export function shown(value: unknown): string {
  const given = text(value);
  return /:\/\/|@/.test(given)
    ? "something else (not shown: it may hold a password)"
    : `\`${given}\``;
}
