/** What the compiler knows of a journal: a function of an entry, whatever it returns. */
import { expectTypeOf, test } from "vitest";
import { type Flow, type Journal, type JournalEntry, reportOfJournal } from "../../src/index.ts";

declare const flow: Flow<unknown>;
declare const query: PromiseLike<number>;
declare const store: (entry: JournalEntry) => Promise<void>;

test("a journal may return anything", () => {
  const entries: JournalEntry[] = [];
  const known = new Map<string, unknown>();
  flow.run({ journal: () => {} });
  flow.run({ journal: (entry) => entries.push(entry) });
  flow.run({ journal: (entry) => known.set(String(entry.task), entry) });
  flow.run({ journal: (entry): void => void entries.push(entry) });
  flow.run({ journal: (entry) => console.log(entry) });
  flow.run({ journal: ({ type }) => type === "completed" && { ok: true } });
  expectTypeOf<(entry: JournalEntry) => void>().toExtend<Journal>();
  expectTypeOf(reportOfJournal).toBeCallableWith(entries);
});

test("and a promise, which is waited for", () => {
  flow.run({ journal: async (entry) => store(entry) });
  flow.run({ journal: (entry) => store(entry) });
  flow.run({ journal: ({ type }) => (type === "completed" ? Promise.resolve() : undefined) });
  flow.run({ journal: () => query });
  // @ts-expect-error
  flow.run({ journal: "journal.ndjson" });
});
