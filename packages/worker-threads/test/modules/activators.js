/** Activators that leave traces of what they were asked to do, on the memory they share with the test. */
import { AsyncLocalStorage } from "node:async_hooks";
import { appendFileSync } from "node:fs";

export const storage = new AsyncLocalStorage();

/** @type {import("@astrum/core").RemoteActivator} */
const baggage = {
  name: "baggage",
  activate(carrier, info, proceed) {
    storage.run({ ...carrier, ...info }, proceed);
  },
  async flush() {
    if (process.env.FLUSH_LOG) appendFileSync(process.env.FLUSH_LOG, "flushed\n");
  },
};

export default baggage;
