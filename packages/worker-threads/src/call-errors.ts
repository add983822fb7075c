/** Turns what went wrong with a call into an error that says who, what, and the way out. Decides nothing. */
import { inspect } from "node:util";
import { describe, findCloneObstacle, skippedBy } from "astrum-crossing";
import {
  WorkerCrashedError,
  WorkerModuleError,
  WorkerOutOfMemoryError,
  WorkerSerializationError,
} from "./errors.ts";
import type { Answer, ModuleFailure } from "./wire.ts";
import { unpack } from "./worker/pack.js";

interface Asked {
  readonly taskName: string;
  readonly exportName: string | undefined;
  readonly args: readonly unknown[];
  readonly skip?: ((reason: string) => never) | undefined;
}

interface Death {
  readonly exitCode: number | undefined;
  readonly fault: unknown;
}

/** The arguments could not be sent. */
export function inputError(
  { taskName, args }: Asked,
  transfer: readonly unknown[],
  cause: unknown,
): Error {
  const single = args.length === 1;
  const obstacle = findCloneObstacle(single ? args[0] : args, single ? "input" : "args", transfer);
  const what =
    obstacle === undefined ? "an argument is not clonable" : `${obstacle.path} is ${obstacle.what}`;
  return new WorkerSerializationError(
    `Task "${taskName}": ${what}, which cannot be sent to a thread. Send plain values, buffers or shared memory; ` +
      "what an earlier attempt has transferred is gone, so a task that is retried must not transfer its input.",
    { direction: "input", path: obstacle?.path ?? "input", cause },
  );
}

/** The thread has answered, and the answer is not to be read. */
export function unreadableResult({ taskName }: Asked): Error {
  return new WorkerSerializationError(
    `Task "${taskName}": its result was sent, but could not be read on this side. Return plain values.`,
    { direction: "result", path: "result" },
  );
}

/** What an answer that is no result rejects with. */
export function answerError(asked: Asked, answer: Exclude<Answer, { kind: "result" }>): unknown {
  if (answer.kind === "skipped") return skippedBy(asked, answer.reason);
  if (answer.kind === "thrown") return unpack(answer.thrown);
  if (answer.kind === "module") return moduleError(asked, answer.failure);
  const { direction, obstacle, cause } = answer;
  return new WorkerSerializationError(
    direction === "result"
      ? `Task "${asked.taskName}": ${obstacle.path} is ${obstacle.what}, which cannot be returned from a thread. Return plain values.`
      : `Task "${asked.taskName}" threw ${obstacle.what} (${obstacle.path}), which cannot leave its thread. Throw an Error.`,
    { direction, path: obstacle.path, ...(cause && { cause: unpack(cause) }) },
  );
}

/** Its thread died. */
export function crash({ taskName }: Asked, death: Death, started: boolean): Error {
  const { exitCode, fault } = death;
  const how = fault === undefined ? `exited with code ${exitCode}` : `was ended by ${told(fault)}`;
  const when = started ? "ended" : "begun";
  return crashedError(
    `Task "${taskName}": its thread ${how} before the function had ${when}`,
    death,
    started,
  );
}

/** It died while it came up, or could not even be made. */
export function noThread({ taskName }: Asked, death: Death): Error {
  const { exitCode, fault } = death;
  const why = fault === undefined ? `it exited with code ${exitCode}` : told(fault);
  return crashedError(
    `Task "${taskName}": no thread could be started for it: ${why}`,
    death,
    false,
  );
}

function crashedError(message: string, { exitCode, fault }: Death, started: boolean): Error {
  const facts = { exitCode, started, ...(fault !== undefined && { cause: fault }) };
  if ((fault as { code?: unknown } | undefined | null)?.code !== "ERR_WORKER_OUT_OF_MEMORY")
    return new WorkerCrashedError(message, facts);
  return new WorkerOutOfMemoryError(
    `${message}. Raise \`resourceLimits.maxOldGenerationSizeMb\` or split the work`,
    facts,
  );
}

function moduleError({ taskName, exportName }: Asked, failure: ModuleFailure): Error {
  const { reason, url, exports } = failure;
  const cause = failure.cause && unpack(failure.cause);
  const texts: Record<ModuleFailure["reason"], string> = {
    "not-found": `there is no file ${url}${orTwin(url)}`,
    "import-failed": `${url} cannot be imported: ${told(cause)}`,
    "no-export": `${url} exports no function "${exportName}"; it exports ${exports.join(", ") || "none"}`,
    "no-typescript":
      `${url} is TypeScript, which Node ${process.version} does not run in a thread. ` +
      "Use Node 22.18 or later, install tsx beside it, or point at the compiled file",
    "not-an-activator": `the default export of ${url} is no activator: it needs an \`activate\` function`,
  };
  // Without a full stop: terminals take it for a part of a URL at the end.
  return new WorkerModuleError(`Task "${taskName}": ${texts[reason]}`, {
    url,
    reason,
    exports,
    ...(cause !== undefined && { cause }),
  });
}

/** Anything can be thrown, also what no string can be made of. */
function told(fault: unknown): string {
  try {
    return fault instanceof Error
      ? `${fault.name}: ${fault.message}`
      : inspect(fault, { depth: 1 });
  } catch {
    return describe(fault);
  }
}

/** A module is found before and after it was compiled. */
function orTwin(url: string): string {
  const [, kind, language] = /\.([mc]?)([jt])s$/.exec(url) ?? [];
  return language === undefined
    ? ""
    : ` and none that ends in .${kind}${language === "j" ? "t" : "j"}s`;
}
