/** What functions throw, by what it is: made where it is thrown, and again where it is to arrive, to compare. */
import type { RemoteContext } from "../../src/index.ts";

class QuotaError extends RangeError {
  override readonly name = "QuotaError";
  readonly code = "E_QUOTA";
  readonly quota: number;
  constructor(quota: number) {
    super(`over the quota of ${quota}`);
    this.quota = quota;
  }

  get retryable(): boolean {
    return false;
  }
}

class Plain extends Error {
  retryAfterMs = 5;
  retryAfter = { resource: "llm", ms: 5 };
}

const refuse = (): never => {
  throw new Error("not to be looked at");
};

class Listed extends Error {
  readonly issues = ["too short"];
  get errors(): readonly string[] {
    return this.issues;
  }
}

/** Its stack is made when it is first read, of what the error says then: this one has it. */
const kept = (): Error => Object.assign(new Error("kept"), { stack: "Error: kept" });

function nested(levels: number): Error {
  return levels === 1
    ? new Error("innermost")
    : new Error(`level ${levels}`, { cause: nested(levels - 1) });
}

export const cases: Readonly<Record<string, () => unknown>> = {
  "a class with a code, fields, and what retries read": () => new QuotaError(7),
  "a class whose name its errors do not have": () => new Plain("still an Error"),
  "every built-in class": () =>
    new AggregateError(
      [EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError, Error].map(
        (Class) => new Class("built in"),
      ),
      "all of them",
    ),
  "causes within causes": () =>
    new SyntaxError("top", {
      cause: new Plain("middle", { cause: new QuotaError(1) }),
    }),
  "sixty causes": () => nested(60),
  "a message of 100,000 characters": () => new RangeError("x".repeat(100_000)),
  "a message that is no text": () => Object.assign(kept(), { message: ["a", "b"] }),
  "a message and a name that are nothing": () =>
    Object.assign(kept(), { message: undefined, name: undefined }),
  "a message that cannot be read": () => Object.defineProperty(kept(), "message", { get: refuse }),
  "a field that cannot be read": () =>
    Object.defineProperty(new Error("kept"), "trap", { get: refuse, enumerable: true }),
  "errors that a class has": () => new Listed("invalid"),
  "a cause that is no error": () => new Error("no", { cause: { status: 503, at: new Date(0) } }),
  "a cause that is undefined": () => new Error("no", { cause: undefined }),
  "errors of an AggregateError, some of them none": () =>
    new AggregateError(
      [new QuotaError(2), "two", undefined, new AggregateError([], "none")],
      "many",
    ),
  "a list of errors that is no AggregateError's": () =>
    Object.assign(new Error("invalid"), { errors: [new TypeError("one")] }),
  "errors by name": () => Object.assign(new Error("invalid"), { errors: { name: "too short" } }),
  "an error that contains itself": () => {
    const error = new Error("round");
    error.cause = Object.assign(new Error("inner"), { outer: error });
    return error;
  },
  "an error in a field": () => Object.assign(new Error("outer"), { response: new QuotaError(3) }),
  "errors in a list in a field": () => {
    const all: unknown[] = [new QuotaError(1), "two", [new Plain("three")]];
    all.push(all);
    return Object.assign(new Error("some failed"), { all, again: all });
  },
  "a list of errors": () => [new QuotaError(4), undefined, new Error("plain")],
  "values in fields": () =>
    Object.assign(new Error("with fields"), {
      nothing: undefined,
      none: null,
      numbers: [-0, Number.NaN, Number.POSITIVE_INFINITY, 2n ** 70n],
      at: new Date(5),
      found: new Map([["a", new Set([1, /x/gi])]]),
      bytes: new Uint8Array([1, 2]),
      nested: { list: [{ deep: undefined }], $: 1 },
    }),
  "a DOMException": () => new DOMException("too big", "QuotaExceededError"),
  "an error of the system": () =>
    Object.assign(new Error("ENOENT: no such file"), {
      errno: -2,
      code: "ENOENT",
      syscall: "open",
      path: "/no/such/file",
    }),
  "an error without a stack": () =>
    Object.defineProperty(new Error("kept"), "stack", { value: 12 }),
  "an error with a field of an evil name": () =>
    Object.defineProperty(new Error("kept"), "__proto__", { value: { a: 1 }, enumerable: true }),
  "a text": () => "no",
  nothing: () => undefined,
  "a record": () => ({ code: 5, list: [1, undefined] }),
  "a map": () => new Map([["a", new Date(0)]]),
};

/** On these the ways differ. */
export const different: typeof cases = {
  "seventy causes": () => nested(70),
  "a field that is a function": () => Object.assign(new Error("kept"), { retry: () => 1 }),
};

export function throwsIt({ name }: { readonly name: string }): never {
  throw (cases[name] ?? different[name])?.();
}

/** Says that it began, and throws the reason it is asked to stop for, or an error whose cause that is. */
export async function throwsItsReason(
  { wrapped }: { readonly wrapped: boolean },
  { signal, progress }: Pick<RemoteContext, "signal" | "progress">,
): Promise<never> {
  progress(0, "began");
  await new Promise((resolve) => signal.addEventListener("abort", resolve));
  throw wrapped ? new Error("stopped", { cause: signal.reason }) : signal.reason;
}
