/**
 * An agent asks a model two hundred questions: fifty calls a minute, and no more tokens than its budget has. It runs on a
 * clock that does not wait, so that its four minutes are over at once.
 *
 *     node main.js
 */
import { flow, map, RateLimit, summarizeError, task } from "@astrum/core";
import { VirtualClock } from "@astrum/core/testing";

const clock = new VirtualClock();
let calls = 0;

/**
 * What a model would do: it takes a second, and says how many tokens that were. Once it is busy for half a minute.
 * @param {string} question
 * @param {AbortSignal} signal
 */
async function ask(question, signal) {
  await clock.wait(1000, signal);
  calls++;
  if (calls === 60) {
    const retryAfter = { resource: "calls", ms: 30_000 };
    throw Object.assign(new Error("429 Too Many Requests"), { retryAfter });
  }
  return { text: `about ${question}`, tokens: 90 + question.length };
}

const questions = task("questions", () =>
  Array.from({ length: 200 }, (_, at) => `question ${at + 1}`),
);

const answers = map(
  "answers",
  questions,
  async (question, _, { signal, spent }) => {
    const { text, tokens } = await ask(question, signal);
    // The estimate was too high: what is left is for others.
    spent("tokens", tokens);
    return text;
  },
  {
    items: "settled",
    retry: 2,
    // A call of the minute, and at most ten times as many tokens as the question has letters.
    resources: { calls: 1, tokens: (question) => question.length * 10 },
  },
);

const resources = {
  calls: new RateLimit({ limit: 50, perMs: 60_000, burst: 10 }),
  tokens: new RateLimit({ limit: 18_000, perMs: Number.POSITIVE_INFINITY }),
};
const report = await clock.run(flow("agent", { answers }).run({ clock, resources }));

const failed = report.unwrap().answers.filter(({ status }) => status === "failed");
const minutes = (report.totalDurationMs / 60_000).toFixed(1);
console.log(`${200 - failed.length} answers in ${calls} calls and ${minutes} minutes`);
const [first] = report.failures;
if (first) console.log(`${failed.length} without an answer: ${summarizeError(first.error)}`);
if (failed.length > 50) process.exitCode = 1;
