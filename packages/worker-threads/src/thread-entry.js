/**
 * The entry of every thread, and the only module the thread pool loads itself: it imports the user's modules, calls
 * their functions and answers on a port of its own. The pool library gets a bare "done". This way round an error keeps
 * its class, a result that cannot be cloned costs no thread, and progress arrives before the result it belongs to.
 *
 * Plain JavaScript with checked types, because Node 20 starts no TypeScript file as a thread.
 */
import { receiveMessageOnPort, workerData } from "node:worker_threads";
import {
  findCloneObstacle,
  flushActivators,
  isDetached,
  joined,
  losesInClone,
  runActivated,
} from "astrum-crossing";
import { loadActivators, reportFault } from "./worker/activate.js";
import { ThreadContext } from "./worker/context.js";
import { functionOf, functionsOf, loadedModule, loadModule, ModuleFault } from "./worker/load.js";
import { pack } from "./worker/pack.js";

/** @import { MessagePort } from "node:worker_threads" */
/** @import { RemoteActivator } from "@astrum/core" */
/** @import { Obstacle } from "astrum-crossing" */
/** @import { CallMessage, FromThread, Packed, ThreadData, ToThread } from "./wire.ts" */

const {
  flags,
  preload,
  activators: activatorUrls,
  flushAfterMs,
} = /** @type {ThreadData} */ (workerData);

/** @type {MessagePort | undefined} */
let port;
/** @type {{ readonly sequence: number; readonly context: ThreadContext } | undefined} */
let current;
/** @type {readonly RemoteActivator[]} */
let activators = [];
/** @type {NodeJS.Timeout | undefined} */
let quiet;

/** @type {Promise<void> | undefined} */
let prepared = prepare();
prepared.then(
  () => {
    prepared = undefined;
  },
  // It stays, and refuses every call with the same reason.
  () => {},
);

async function prepare() {
  for (const url of preload) await loadModule(url);
  for (const url of activatorUrls) activators = activators.concat(await loadActivators(url));
}

process.on("uncaughtExceptionMonitor", (error) => {
  current?.context.sendLog();
  send({ kind: "dying", thrown: pack(error) });
});

/**
 * Called by the pool library with one message at a time. Never rejects and returns nothing: the answer goes out on our
 * own port, before the library's "done". There it can fail to be cloned without harm, and there it is found even when
 * the thread dies right after it, which loses what is on the library's port.
 *
 * @param {CallMessage} call
 */
export default async function carryOut(call) {
  const connected = connect(call.port);
  const context = new ThreadContext(call, flags, connected, pull);
  current = { sequence: call.sequence, context };
  if (quiet !== undefined) clearTimeout(quiet);
  try {
    if (prepared !== undefined) await prepared;
    const namespace = loadedModule(call.url) ?? (await loadModule(call.url));
    if (call.exportName === undefined) answerValue(call, context, functionsOf(namespace));
    else await runFunction(call, context, functionOf(namespace, call.url, call.exportName));
  } catch (error) {
    answerThrown(call, context, error);
  }
  current = undefined;
  if (activators.length > 0)
    quiet = setTimeout(
      () => void flushActivators(activators, 30_000, reportFault),
      flushAfterMs,
    ).unref();
}

/**
 * @param {CallMessage} call
 * @param {ThreadContext} context
 * @param {Function} run
 */
async function runFunction(call, context, run) {
  const { args, carrier } = call;
  if (call.timeoutMs !== undefined) send({ kind: "start", sequence: call.sequence });
  Atomics.store(flags, call.lane * 2 + 1, call.sequence);
  context.begin();
  const info = { task: call.taskName, attempt: call.attempt };
  let value;
  const errors = [];
  try {
    value = await (carrier === undefined || activators.length === 0
      ? run(...args, context)
      : runActivated({ activators, carrier, info, onFault: reportFault }, () =>
          run(...args, context),
        ));
    context.endsAsSkipped();
  } catch (error) {
    if (!context.endsAsSkipped(error)) errors.push(error);
  }
  if (context.hasCleanups) errors.push(...(await context.cleanUp()));
  context.sendLog();
  const reason = context.skipReason;
  if (errors.length === 0 && reason !== undefined) answerSkipped(call, context, reason);
  else if (errors.length === 0) answerValue(call, context, value);
  else answerThrown(call, context, joined(errors));
}

/**
 * @param {CallMessage} call
 * @param {ThreadContext} context
 * @param {unknown} value
 */
function answerValue(call, context, value) {
  const { sequence } = call;
  const attributes = context.attributeEntries;
  const transfer = context.transferred;
  const obstacle = () =>
    findCloneObstacle(value, "result", transfer) ?? { path: "result", what: "not clonable" };
  if (losesInClone(value, transfer)) {
    answerUncrossable(call, context, "result", obstacle());
    return;
  }
  try {
    if (transfer?.some(isDetached)) throw new Error("A buffer to be transferred is detached");
    send({ kind: "result", sequence, attributes, value }, transfer);
  } catch (error) {
    answerUncrossable(call, context, "result", obstacle(), pack(error));
  }
}

/**
 * @param {CallMessage} call
 * @param {ThreadContext} context
 * @param {string} reason
 */
function answerSkipped({ sequence }, context, reason) {
  send({ kind: "skipped", sequence, attributes: context.attributeEntries, reason });
}

/**
 * @param {CallMessage} call
 * @param {ThreadContext} context
 * @param {unknown} error
 */
function answerThrown(call, context, error) {
  const { sequence } = call;
  const attributes = context.attributeEntries;
  if (error instanceof ModuleFault) {
    send({ kind: "module", sequence, attributes, failure: error.failure });
    return;
  }
  const thrown = pack(error, { reason: context.reason });
  if ("obstacle" in thrown) answerUncrossable(call, context, "error", thrown.obstacle);
  else send({ kind: "thrown", sequence, attributes, thrown });
}

/**
 * @param {CallMessage} call
 * @param {ThreadContext} context
 * @param {"result" | "error"} direction
 * @param {Obstacle} obstacle
 * @param {Packed} [cause]
 */
function answerUncrossable({ sequence }, context, direction, obstacle, cause) {
  const attributes = context.attributeEntries;
  send({ kind: "uncrossable", sequence, attributes, direction, obstacle, cause });
}

/** @param {MessagePort | undefined} given */
function connect(given) {
  if (given !== undefined) {
    port = given;
    port.on("message", receive);
    port.unref();
  }
  return /** @type {MessagePort} */ (port);
}

/** Takes in what is waiting, for a function that does not let the event loop do it. */
function pull() {
  if (port === undefined) return;
  for (let next = receiveMessageOnPort(port); next; next = receiveMessageOnPort(port))
    receive(next.message);
}

/** @param {ToThread} message */
function receive(message) {
  if (message.kind === "flush")
    void flushActivators(activators, message.timeoutMs, reportFault).then(() =>
      send({ kind: "flushed" }),
    );
  else if (current?.sequence === message.sequence) current.context.abort(message.reason);
}

/**
 * @param {FromThread} message
 * @param {readonly import("node:worker_threads").TransferListItem[]} [transfer]
 */
function send(message, transfer) {
  if (transfer === undefined) port?.postMessage(message);
  else port?.postMessage(message, transfer);
}
