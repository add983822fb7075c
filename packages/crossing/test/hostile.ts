/** Values that misbehave when somebody looks at them, by what they are. */

const refuse = (): never => {
  throw new Error("not to be looked at");
};

class Account {
  readonly id = 7;
}

const selfish: unknown[] = [];
selfish.push({ again: selfish });

/** A name that no linter takes for a mistake: these are. */
const THEN = "then";

const revoked = Proxy.revocable({}, {});
revoked.revoke();

export const hostile: Readonly<Record<string, unknown>> = {
  undefined,
  null: null,
  "a function": () => 1,
  "an async function": async () => 1,
  "a class": Account,
  "a symbol": Symbol("sign"),
  "a bigint": 12n,
  "not a number": Number.NaN,
  endless: Number.NEGATIVE_INFINITY,
  "an instance of a class": new Account(),
  "an instance of a class without a name": new (class {})(),
  "an object without a prototype": Object.create(null),
  "a cyclic array": selfish,
  "a date": new Date(0),
  "a map": new Map([[{}, () => 1]]),
  "an error": new RangeError("out"),
  "a promise": Promise.resolve(1),
  "a thenable": { [THEN]: () => 1 },
  "an object whose then cannot be read": Object.defineProperty({}, THEN, { get: refuse }),
  "an object with a getter that throws": Object.defineProperty({}, "trap", {
    enumerable: true,
    get: refuse,
  }),
  "an object whose class cannot be read": Object.defineProperty({}, "constructor", { get: refuse }),
  "an object whose class has no text for a name": {
    constructor: Object.defineProperty(() => {}, "name", { value: Object.create(null) }),
  },
  "an object that is no string": { toString: refuse, valueOf: refuse },
  "a proxy that refuses": new Proxy(
    {},
    { get: refuse, getPrototypeOf: refuse, ownKeys: refuse, has: refuse },
  ),
  "a proxy that was revoked": revoked.proxy,
  "a long text": "x".repeat(200),
  "a text": "text",
  "a number": 5,
  "minus zero": -0,
  "a boolean": false,
};
