/**
 * A writer and a critic in turns: a draft is written and read by two critics at once, and the next one is written from what
 * they said, until both are content. After five drafts the last one has to do.
 *
 *     node main.js
 */
import { flow, LoopLimitError, loop, task, value } from "@astrum/core";

/** What models would do: each takes a moment. */
const moment = () => new Promise((resolve) => setTimeout(resolve, 2));

/**
 * @param {string} topic
 * @param {readonly string[]} notes
 */
async function write(topic, notes) {
  await moment();
  return [`All about ${topic}.`, ...notes.map((note) => `(${note})`)].join(" ");
}

/**
 * @param {string} draft
 * @param {readonly string[]} wishes
 */
async function read(draft, wishes) {
  await moment();
  return wishes.filter((wish) => !draft.includes(wish)).slice(0, 1);
}

/**
 * One draft, what was asked for, and what is missing in it.
 * @param {string} topic
 * @param {readonly string[]} notes
 */
function draftFlow(topic, notes) {
  const text = task("write", () => write(topic, notes), { retry: 2, timeoutMs: 1000 });
  const facts = task("facts", { text }, ({ text }) => read(text, ["where from", "how hot"]));
  const style = task("style", { text }, ({ text }) => read(text, ["a joke"]));
  const missing = task("missing", { facts, style }, ({ facts, style }) => [...facts, ...style]);
  return flow("draft", { text, missing, notes: task("notes", () => notes) });
}

const essay = loop(
  "essay",
  { topic: value("tea") },
  {
    first: ({ topic }) => draftFlow(topic, []),
    next: ({ notes, missing }, { topic }) => draftFlow(topic, [...notes, ...missing]),
    until: ({ missing }) => missing.length === 0,
    max: 5,
    fallback: (error) => {
      if (error instanceof LoopLimitError) return /** @type {{ text: string }} */ (error.outputs);
      throw error;
    },
  },
);

const report = await flow("writing", { essay }).run();
const drafts = report.taskStatistics.filter(({ taskName }) => taskName.endsWith("].write"));
console.log(`${drafts.length} drafts: ${report.unwrap().essay.text}`);
