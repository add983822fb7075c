/** Activators that break every rule. */
import baggage from "./activators.js";

/** @type {import("@astrum/core").RemoteActivator[]} */
const hostile = [
  {
    name: "throws before",
    activate() {
      throw new Error("before");
    },
  },
  {
    name: "throws after",
    activate(_carrier, _info, proceed) {
      proceed();
      throw new Error("after");
    },
    flush() {
      throw new Error("in flush");
    },
  },
  { name: "forgets", activate() {} },
  {
    name: "twice and late",
    activate(_carrier, _info, proceed) {
      proceed();
      proceed();
      setImmediate(proceed);
    },
    flush: () => new Promise(() => {}),
  },
  baggage,
];

export default hostile;
