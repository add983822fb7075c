/** What is told of a run while it goes on, so that a later one can take up what a crash left. */
import type { JournalEntry } from "../define/journal-entry.ts";

/**
 * Told once of the run, then of every completed task with its output, before a dependent is released: an entry counts as
 * stored when the call returns, or when the promise that it returns resolves. The task is running until then, without a
 * slot, and no other entry is told. An error that it throws, or a rejection, fails the task and the run, and no other entry
 * follows.
 *
 * A run that takes up an earlier one tells first what it restored: its own entries are enough to take it up again.
 */
export type Journal = (entry: JournalEntry) => unknown;
