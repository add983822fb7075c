/** Stands in for a model and its tools, on a clock that does not wait. */
import { VirtualClock } from "@astrum/core/testing";

export const clock = new VirtualClock();
export const asked = { calls: 0 };

/**
 * Takes a second. It wants to look things up once or more often, and answers then; of question 13 it never knows enough.
 * Once it is too busy.
 *
 * @param {readonly string[]} messages
 * @param {AbortSignal} signal
 */
export async function askModel(messages, signal) {
  await clock.wait(1000, signal);
  asked.calls++;
  if (asked.calls === 60) {
    const retryAfter = { resource: "calls", ms: 30_000 };
    throw Object.assign(new Error("429 Too Many Requests"), { retryAfter });
  }
  const [question = "", ...known] = messages;
  const isEnough = known.length > Number(question.at(-1)) % 3 && question !== "question 13";
  const tools = isEnough ? [] : ["search", "archive"];
  return { text: known.join(", "), tools, tokens: 40 * messages.length };
}

/**
 * @param {string} tool
 * @param {AbortSignal} signal
 */
export async function useTool(tool, signal) {
  await clock.wait(200, signal);
  if (tool === "archive" && asked.calls % 7 === 0) throw new Error("the archive is closed");
  return `found in the ${tool}`;
}
