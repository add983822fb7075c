/**
 * The journal of one life of a random chain, in a database that tasks write their entries to as well; the process may be
 * killed at any of them. It judges nothing.
 */
import type { JournalEntry } from "../src/index.ts";
import type { ChainGraph, Life, Made } from "./random-chain.ts";

export class ChainDatabase {
  /** In the order in which they were told; what is told later of a task takes the place of what was told before. */
  readonly entries: JournalEntry[] = [];
  killed = false;
  /** What had been called when the process was killed. */
  callsBefore: readonly string[] | undefined;
  readonly #life: Life;
  readonly #graph: ChainGraph;
  #told = 0;
  #commits = 0;
  #open = 0;
  /** An entry that it was told while another one was being stored. */
  toldAtOnce: unknown;

  constructor(life: Life, graph: ChainGraph) {
    this.#life = life;
    this.#graph = graph;
    graph.onCommit = (entry) => this.#commit(entry);
  }

  readonly journal = (entry: JournalEntry): unknown => {
    if (this.killed) throw new Error("killed");
    if (this.#open > 0) this.toldAtOnce = entry;
    const { journalTurns } = this.#life;
    const turns = journalTurns[this.#told++ % journalTurns.length] as number;
    if (turns < 0) return this.#store(entry);
    this.#open++;
    return later(turns).then(() => {
      this.#open--;
      this.#store(entry);
    });
  };

  #store(entry: JournalEntry): void {
    const { killedAt, lastStored } = this.#life;
    if (this.killed) throw new Error("killed");
    if (this.#told - 1 === killedAt) {
      if (lastStored) this.#insert(entry);
      this.#kill();
    }
    this.#insert(entry);
    if (entry.type === "completed") note(this.#graph, entry);
  }

  #commit(entry: JournalEntry): void {
    if (this.killed) throw new Error("killed");
    this.#insert(entry);
    if (this.#commits++ === this.#life.killedAtCommit) this.#kill();
  }

  #kill(): never {
    this.killed = true;
    this.callsBefore = [...this.#graph.calls];
    throw new Error("killed");
  }

  #insert(entry: JournalEntry): void {
    const { task } = entry;
    const at = task === undefined ? -1 : this.entries.findIndex((known) => known.task === task);
    const row = JSON.parse(JSON.stringify(entry));
    if (at === -1) this.entries.push(row);
    else this.entries[at] = row;
  }
}

async function later(turns: number): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await null;
}

/** What became of a result: who made it. Things say that themselves. */
function note(graph: ChainGraph, entry: JournalEntry): void {
  if (graph.things.has(String(entry.task))) return;
  const { encoding, value } = entry.output as { encoding: string; value?: Made | Made[] };
  graph.made.set(
    String(entry.task),
    encoding === "omitted" ? `${entry.task}, unstored` : maker(value),
  );
}

function maker(value: Made | readonly Made[] | undefined): string {
  return JSON.stringify(Array.isArray(value) ? value.map(({ by }) => by) : (value as Made).by);
}
