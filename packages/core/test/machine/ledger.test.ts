/** The columns that a run writes its facts to, from a few rows to more than were planned. */
import { describe, expect, it } from "vitest";
import { Ledger } from "../../src/machine/ledger.ts";
import { COMPLETED, FAILED } from "../../src/machine/states.ts";

describe("A ledger", () => {
  it.each([0, 1, 8, 9, 100])("of %i tasks has room for items and further attempts", (planned) => {
    const ledger = new Ledger(planned);
    for (let task = 0; task < planned; task++) {
      ledger.readyAt[task] = task;
      ledger.status[task] = COMPLETED;
      ledger.open(task, task, task + 1, task + 2);
    }
    const { first, count } = ledger.spawn(0, 20);
    for (let item = first; item < first + count; item++) ledger.open(item, item, item, item);
    expect(ledger.tasks).toBe(planned + 20);
    expect(ledger.attempts).toBe(planned + 20);
    for (let task = 0; task < planned; task++) {
      expect(ledger.readyAt[task]).toBe(task);
      expect(ledger.status[task]).toBe(COMPLETED);
      expect(ledger.lastAttempt[task]).toBe(task);
      expect(ledger.startAt[task]).toBe(task + 1);
      expect(ledger.slot[task]).toBe(task + 2);
    }
    for (let item = first; item < first + count; item++) {
      expect(ledger.readyAt[item]).toBeNaN();
      expect(ledger.releasedBy[item]).toBe(-1);
      expect(ledger.firstAttempt[item]).toBe(item);
    }
  });

  it("is copied about once for each of the rows that come up three at a time", () => {
    const ledger = new Ledger(1);
    let { status } = ledger;
    let copied = 0;
    for (let owner = 0; ledger.tasks < 30_000; owner++) {
      ledger.spawn(owner, 3);
      if (ledger.status === status) continue;
      copied += status.length;
      status = ledger.status;
    }
    expect(copied).toBeLessThan(1.25 * ledger.tasks);
    expect(status.length).toBeLessThan(2 * ledger.tasks);
    expect(ledger.lastAttempt[ledger.tasks - 1]).toBe(-1);
    expect(ledger.readyAt[ledger.tasks - 1]).toBeNaN();
  });

  it.each([3, 30])(
    "of %i tasks is copied as it is: nothing that happens later is in it",
    (size) => {
      const ledger = new Ledger(size);
      ledger.open(0, 0, 0, 0);
      ledger.close(0, FAILED, 1);
      ledger.errors.set(0, "first");
      ledger.failures.push(0);
      const copied = ledger.copy();
      ledger.open(0, 2, 2, 0);
      ledger.close(1, COMPLETED, 3);
      ledger.status[0] = COMPLETED;
      ledger.errors.set(1, "second");
      ledger.reasons.set(2, { kind: "condition", message: "later" });
      ledger.failures.push(1);
      expect(copied.attemptCount(0)).toBe(1);
      expect(copied.status[0]).not.toBe(COMPLETED);
      expect(copied.endAt[0]).toBe(1);
      expect([...copied.errors]).toEqual([[0, "first"]]);
      expect([...copied.reasons]).toEqual([]);
      expect(copied.failures).toEqual([0]);
      expect(ledger.attemptCount(0)).toBe(2);
      expect([...ledger.errors].length).toBe(2);
    },
  );
});
