/**
 * An agent: a model is asked, the tools that it wants are used at once, and it is asked again with what they found, until it
 * has an answer. A hundred questions share fifty calls a minute and one budget of tokens.
 *
 *     node main.js
 */
import { flow, loop, map, pick, RateLimit, summarizeError, task, value } from "@astrum/core";
import { asked, askModel, clock, useTool } from "./model.js";

/** @param {readonly string[]} messages */
function turn(messages) {
  const reply = task(
    "reply",
    async (_, { signal, spent }) => {
      const answer = await askModel(messages, signal);
      spent("tokens", answer.tokens); // The estimate was too high: what is left is for others.
      return answer;
    },
    { retry: 2, timeoutMs: 30_000, resources: { calls: 1, tokens: 60 * messages.length } },
  );
  const tools = pick(reply, ({ tools }) => tools);
  const found = map("found", tools, (tool, _, { signal }) => useTool(tool, signal), {
    items: "settled",
  });
  // A tool that fails is no failure of the agent: the model is told.
  const next = task("next", { found }, ({ found }) => [
    ...messages,
    ...found.map((of) => (of.status === "completed" ? of.value : "a tool failed")),
  ]);
  return flow("turn", { reply, next });
}

/** @param {string} question */
function agent(question) {
  const said = { question: value(question) };
  const turns = loop("turns", said, {
    first: ({ question }) => turn([question]),
    next: ({ next }) => turn(next),
    until: ({ reply }) => reply.tools.length === 0,
    max: 5,
  });
  return flow("agent", { turns });
}

const questions = Array.from({ length: 100 }, (_, at) => `question ${at + 1}`);
const answers = map("answers", value(questions), agent, { items: "settled", concurrency: 10 });
const resources = {
  calls: new RateLimit({ limit: 50, perMs: 60_000, burst: 10 }),
  tokens: new RateLimit({ limit: 22_000, perMs: Number.POSITIVE_INFINITY }),
};
const report = await clock.run(flow("agents", { answers }).run({ clock, resources }));

const outcomes = report.unwrap().answers;
const failed = outcomes.flatMap((of, at) =>
  of.status === "failed" ? [`${questions[at]}: ${summarizeError(of.error)}`] : [],
);
const minutes = Math.ceil(report.totalDurationMs / 60_000);
console.log(`${100 - failed.length} answers in ${asked.calls} calls and ${minutes} minutes`);
for (const line of failed) console.log(`  ${line}`);
if (failed.length > 50) process.exitCode = 1;
