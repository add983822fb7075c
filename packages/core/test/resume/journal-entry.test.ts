/** Effects exactly once: a task writes its entry in one transaction with what it does, and its journal writes it again. */
import { describe, expect, it } from "vitest";
import {
  type Flow,
  flow,
  type JournalEntry,
  map,
  param,
  type RunOptions,
  reportOfJournal,
  task,
} from "../../src/index.ts";

/** A database of two tables: whatever happens in `transaction` happens as a whole, or not at all. */
class Database {
  payments: number[] = [];
  entries: JournalEntry[] = [];

  transaction(work: (database: Database) => void): void {
    const inside = new Database();
    inside.payments = [...this.payments];
    inside.entries = [...this.entries];
    work(inside);
    this.payments = inside.payments;
    this.entries = inside.entries;
  }

  /** As a table whose key is the run and the task: `on conflict do update`. */
  insert(entry: JournalEntry): void {
    const key = ({ runId, task }: JournalEntry): string => `${runId} ${task}`;
    const at = this.entries.findIndex((known) => key(known) === key(entry));
    if (at === -1) this.entries.push(entry);
    else this.entries[at] = entry;
  }
}

/** Where the process is killed: before the transaction of the item that is paid third, after it, or never. */
type Killed = "before the commit" | "after the commit" | "never";

function payday(database: Database, killed: Killed): Flow<{ readonly paid: number }> {
  const people = task("people", () => [10, 20, 30, 40]);
  const pay = map("pay", people, async (amount, index, { journalEntry }) => {
    const receipt = { amount, index };
    if (index === 2 && killed === "before the commit") throw new Error("killed");
    database.transaction((inside) => {
      inside.payments.push(amount);
      inside.insert(journalEntry(receipt));
    });
    if (index === 2 && killed === "after the commit") throw new Error("killed");
    return receipt;
  });
  const paid = task("paid", { pay }, ({ pay }) => pay.length);
  return flow("payday", { paid });
}

async function life(database: Database, killed: Killed, run: RunOptions = {}): Promise<unknown> {
  let dead = false;
  const report = await payday(database, killed).run({
    concurrency: 1,
    ...(database.entries.length > 0 && { resumeFrom: reportOfJournal(database.entries) }),
    journal: async (entry) => {
      if (entry.type === "completed" && dead) return;
      database.insert(entry);
      await Promise.resolve();
    },
    ...run,
  });
  dead = true;
  return report.outputs.paid;
}

describe("context.journalEntry()", () => {
  it.each(["before the commit", "after the commit"] as const)(
    "pays everybody once when the process is killed %s",
    async (killed) => {
      const database = new Database();
      expect(await life(database, killed)).toBeUndefined();
      expect(database.payments).toEqual(killed === "after the commit" ? [10, 20, 30] : [10, 20]);
      expect(await life(database, "never")).toBe(4);
      expect(database.payments).toEqual([10, 20, 30, 40]);
    },
  );

  it("pays everybody once, whoever stands before them in the list of a later life", async () => {
    const amounts = param<readonly number[]>("amounts");
    for (let killedAt = 1; killedAt < 12; killedAt++) {
      const database = new Database();
      let dies = killedAt;
      const pay = map(
        "pay",
        amounts,
        async (amount, _index, { journalEntry }) => {
          if (--dies === 0) throw new Error("killed");
          database.transaction((inside) => {
            inside.payments.push(amount);
            inside.insert(journalEntry(amount));
          });
          if (--dies === 0) throw new Error("killed");
          return amount;
        },
        { key: String },
      );
      const lives = [
        [20, 40],
        [10, 20, 30, 40],
        [40, 30, 50, 20, 10],
        [40, 30, 50, 20, 10],
      ];
      for (const list of lives) {
        let dead = false;
        const { entries } = database;
        await flow("payday", { pay }).run({
          concurrency: 1,
          params: { amounts: list },
          ...(entries.length > 0 && { resumeFrom: reportOfJournal(entries) }),
          journal: (entry) => {
            if (!dead) database.insert(entry);
            if (dead || --dies === 0) {
              dead = true;
              throw new Error("killed");
            }
          },
        });
      }
      expect(database.payments.sort()).toEqual([10, 20, 30, 40, 50]);
    }
  });

  it("is what the journal is told, but for its instant", async () => {
    const made: JournalEntry[] = [];
    const told: JournalEntry[] = [];
    const one = task("one", (_, { journalEntry }) => {
      const value = { at: new Date(0), big: 2n };
      made.push(journalEntry(value));
      return value;
    });
    const list = task("list", { one }, () => [1]);
    const rows = map("rows", list, (item, _, { journalEntry }) => {
      made.push(journalEntry(item));
      return item;
    });
    await flow("f", { rows }).run({ journal: (entry) => told.push(entry) });
    const without = (entries: readonly JournalEntry[]) => entries.map(({ at: _, ...rest }) => rest);
    expect(without(made)).toEqual(
      without(told.filter(({ task }) => task === "one" || task === "rows[0]")),
    );
    expect(made).toHaveLength(2);
  });

  it("is what a later run restores, until the journal is told what its task returned", async () => {
    for (const killed of [true, false]) {
      const database = new Database();
      const one = task("one", (_, { journalEntry }) => {
        database.insert(journalEntry("stored"));
        return "returned";
      });
      const journal = (entry: JournalEntry): void => {
        if (killed && entry.type === "completed") throw new Error("killed");
        database.insert(entry);
      };
      await flow("f", { one }).run({ journal });
      const resumeFrom = reportOfJournal(database.entries);
      const second = await flow("f", { one }).run({ resumeFrom });
      expect(second.unwrap()).toEqual({ one: killed ? "stored" : "returned" });
    }
  });

  it("says what cannot be stored, and that there is no journal", async () => {
    const one = task("one", (_, { journalEntry }) => journalEntry({ close: () => {} }));
    const told = await flow("f", { one }).run({ journal: () => {} });
    expect(told.errorSummary[0]).toBe(
      'Task "one" failed: The output of task "one" cannot be stored: .close is a function',
    );
    const none = await flow("f", { one }).run();
    expect(none.errorSummary[0]).toBe(
      'Task "one" failed: asks for its journal entry, and its run has no journal',
    );
  });
});
