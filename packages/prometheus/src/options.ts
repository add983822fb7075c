/** The options of the three observers, checked where they enter: everything that is wrong is said at once. */
import { DefinitionError, type Issue } from "@astrum/core";
import { isClient, isRegistry } from "./client.ts";

const METRIC_NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

/** Collects what is wrong with the options of `who`. */
export class OptionCheck {
  readonly #who: string;
  readonly #issues: Issue[] = [];

  constructor(who: string) {
    this.#who = who;
  }

  /** Throws `DefinitionError` when anything was wrong. */
  done(): void {
    if (this.#issues.length > 0) throw new DefinitionError(this.#issues);
  }

  /** An object with no other keys than these. */
  record(path: string, given: unknown, keys: readonly string[]): Record<string, unknown> {
    if (typeof given !== "object" || given === null || Array.isArray(given)) {
      this.expected(path, "an object", given);
      return {};
    }
    for (const key of Object.keys(given)) {
      if (keys.includes(key)) continue;
      const place = path === "" ? `\`${key}\`` : `\`${path}.${key}\``;
      this.#add(path, `${this.#who} has no option ${place}; there are ${keys.join(", ")}`);
    }
    return given as Record<string, unknown>;
  }

  expected(path: string, what: string, given: unknown): void {
    const place = path === "" ? "its options" : `\`${path}\``;
    this.#add(path, `${this.#who} expected ${place} to be ${what}, got ${told(given)}`);
  }

  client(given: unknown): void {
    if (isClient(given)) return;
    const namespace = isClient((given as { default?: unknown } | null | undefined)?.default);
    this.expected(
      "client",
      namespace
        ? 'the client itself, as in `import client from "prom-client"`, not `import * as client`'
        : "the module prom-client or @prometheus-io/client",
      given,
    );
  }

  registry(given: unknown): void {
    if (given !== undefined && !isRegistry(given)) {
      this.expected("registry", "a Registry of the client", given);
    }
  }

  prefix(given: unknown): void {
    if (given === undefined || given === "") return;
    if (typeof given !== "string" || !METRIC_NAME.test(given)) {
      this.expected("prefix", 'the beginning of a metric name, such as "astrum_"', given);
    }
  }

  buckets(given: unknown): void {
    if (given === undefined) return;
    const ascend = (bound: unknown, at: number, all: readonly unknown[]): boolean =>
      typeof bound === "number" &&
      Number.isFinite(bound) &&
      (at === 0 || bound > (all[at - 1] as number));
    if (!Array.isArray(given) || given.length === 0 || !given.every(ascend)) {
      this.expected("buckets", "a list of ascending numbers of seconds", given);
    }
  }

  labels(given: unknown): void {
    if (given === undefined) return;
    const { task, allow, maxValues } = this.record("labels", given, ["task", "allow", "maxValues"]);
    if (!["undefined", "boolean", "function"].includes(typeof task)) {
      this.expected("labels.task", "true, false or a function of the task", task);
    }
    if (allow !== undefined && !isTextList(allow)) {
      this.expected("labels.allow", "a list of values of the label `task`", allow);
    }
    if (maxValues !== undefined && !(Number.isSafeInteger(maxValues) && Number(maxValues) >= 1)) {
      this.expected("labels.maxValues", "an integer from 1 up", maxValues);
    }
  }

  call(path: string, given: unknown): void {
    if (given !== undefined && typeof given !== "function") {
      this.expected(path, "a function", given);
    }
  }

  text(path: string, what: string, given: unknown, holds: (text: string) => boolean): void {
    if (typeof given !== "string" || !holds(given)) this.expected(path, what, given);
  }

  groupings(given: unknown): void {
    if (given === undefined) return;
    const all = Object.entries(this.record("groupings", given, Object.keys(Object(given))));
    for (const [name, value] of all) {
      if (!LABEL_NAME.test(name) || ["job", "flow", "instance"].includes(name)) {
        this.#add(
          `groupings.${name}`,
          `${this.#who} cannot group by "${name}": take the name of a label other than job and flow, which are there already, and instance, which would make a group for every process`,
        );
      } else if (typeof value !== "string") {
        this.expected(`groupings.${name}`, "a string", value);
      }
    }
  }

  milliseconds(path: string, given: unknown): void {
    if (given === undefined) return;
    if (!(typeof given === "number" && given > 0 && given < 2 ** 31)) {
      this.expected(path, "a number of milliseconds above 0", given);
    }
  }

  #add(path: string, message: string): void {
    this.#issues.push({
      code: "invalid-option",
      message,
      path: path === "" ? [] : path.split("."),
    });
  }
}

function isTextList(given: unknown): boolean {
  return Array.isArray(given) && given.every((one) => typeof one === "string");
}

function told(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "function") return "a function";
  if (typeof value !== "object" || value === null) return String(value);
  return Array.isArray(value) ? `[${value.map(told).join(", ")}]`.slice(0, 100) : "an object";
}
