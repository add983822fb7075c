/**
 * A thousand invoices are sent, 50 at once. Some addresses are wrong: these fail alone, the others go out, and the
 * program says which ones somebody must look at.
 *
 *     node main.js
 */
import { flow, map, NonRetryableError, summarizeError, task } from "@astrum/core";

/** @typedef {{ readonly id: string, readonly email: string }} Invoice */

/**
 * What a mail server would do: every hundredth address is wrong, and every seventh mail needs a second attempt.
 * @param {Invoice} invoice
 * @param {number} attempt
 */
async function send({ id, email }, attempt) {
  await new Promise((resolve) => setTimeout(resolve, 2));
  if (!email.includes("@")) throw new NonRetryableError(`${email} is no address`);
  if (Number(id.slice(2)) % 7 === 0 && attempt === 1) throw new Error("the server is busy");
  return `sent to ${email}`;
}

const invoices = task("invoices", () =>
  Array.from({ length: 1000 }, (_, at) => ({
    id: `R-${at + 1}`,
    email: at % 100 === 99 ? `customer-${at + 1}` : `customer-${at + 1}@example.org`,
  })),
);

const sent = map("sent", invoices, (invoice, _, { attempt }) => send(invoice, attempt), {
  items: "settled",
  key: ({ id }) => id,
  concurrency: 50,
  retry: { attempts: 2, backoff: "fixed", baseMs: 5 },
});

const summary = task("summary", { invoices, sent }, ({ invoices, sent }) => {
  const failed = sent.flatMap((outcome, at) =>
    outcome.status === "failed" ? [`${invoices[at]?.id}: ${summarizeError(outcome.error)}`] : [],
  );
  return { completed: sent.length - failed.length, failed };
});

const report = await flow("invoices", { summary }).run();
const { completed, failed } = report.unwrap().summary;
console.log(
  `${completed} sent, ${failed.length} failed, ${report.flakyTasks} at the second attempt`,
);
for (const line of failed) console.log(`  ${line}`);
if (failed.length > completed / 10) process.exitCode = 1;
