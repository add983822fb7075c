/** Functions that throw, each in its own way. */

class QuotaError extends RangeError {
  constructor(/** @type {number} */ quota) {
    super(`over the quota of ${quota}`);
    this.name = "QuotaError";
    this.code = "E_QUOTA";
    this.quota = quota;
    this.since = new Date(0);
  }

  get retryable() {
    return false;
  }
}

export function throwCustom() {
  throw new QuotaError(7);
}

class Plain extends Error {}
export function throwUnnamedClass() {
  throw new Plain("its name is still Error");
}

export function throwChain() {
  const root = new TypeError("root");
  const middle = new Error("middle", { cause: root });
  throw new SyntaxError("top", { cause: middle });
}

export function throwCycle() {
  const error = new Error("circular");
  error.cause = Object.assign(new Error("inner"), { outer: error });
  throw error;
}

export function throwMany() {
  return Promise.any([Promise.reject(new RangeError("one")), Promise.reject("two")]);
}

export function throwDom() {
  throw new DOMException("too big", "QuotaExceededError");
}

export function throwSystem() {
  return import("node:fs/promises").then((fs) => fs.readFile("/no/such/file"));
}

/** @param {unknown} value */
export function throwValue(value) {
  throw value;
}

export function throwHostile() {
  throw Object.defineProperties(new Error("kept"), {
    trap: {
      enumerable: true,
      get() {
        throw new Error("from a getter");
      },
    },
    stack: { value: 12 },
  });
}

export function throwProtoField() {
  const error = new Error("kept");
  Object.defineProperty(error, "__proto__", { value: { polluted: true }, enumerable: true });
  throw error;
}

export function listed() {
  const one = Object.assign(new RangeError("one"), { code: "E_ONE" });
  /** @type {unknown[]} */
  const list = [one, 2];
  list.push(list);
  return Object.assign(new Error("some failed"), { one, list, record: { one } });
}

export function throwList() {
  throw listed();
}
