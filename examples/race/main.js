/**
 * Three buyers who come one after the other, and two tickets: a race in what tasks share, looked for in a thousand of the
 * orders in which they may run. As they are written down, nothing goes wrong.
 *
 *     node main.js [--fixed]
 */
import { flow, task } from "@astrum/core";
import { BrokenSchedule, explore } from "@astrum/core/testing";

const fixed = process.argv.includes("--fixed");

/** @param {import("@astrum/core/testing").VirtualClock} clock */
function office(clock) {
  // Made anew for each run: what tasks share must not be what an earlier run left.
  let tickets = 1;
  const sold = /** @type {string[]} */ ([]);

  /** @type {(name: string, arrives: number) => import("@astrum/core").Task<void>} */
  const buyer = (name, arrives) =>
    task(name, async () => {
      await clock.wait(arrives);
      if (tickets === 0) return;
      if (fixed) tickets -= 1;
      await clock.wait(20); // the bank takes its time
      if (!fixed) tickets -= 1;
      sold.push(name);
    });
  const returned = task("returned", async () => {
    await clock.wait(10);
    tickets += 1;
  });

  const buyers = { ann: buyer("ann", 0), bob: buyer("bob", 40), cleo: buyer("cleo", 80) };
  const left = task("left", { ...buyers, returned }, () => ({ tickets, sold }));
  return flow("office", { left });
}

try {
  const { runs, schedules } = await explore(office, {
    check: (report) => {
      const { tickets, sold } = report.unwrap().left;
      if (tickets < 0) throw new Error(`sold to ${sold.join(", ")}: two tickets, ${tickets} left`);
    },
  });
  console.log(`${runs} runs, ${schedules} schedules: no ticket is sold twice`);
} catch (error) {
  if (!(error instanceof BrokenSchedule)) throw error;
  console.log(error.message);
  process.exitCode = 1;
}
