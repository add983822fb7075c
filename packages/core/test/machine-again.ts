/**
 * A recorded run gone through again, event by event, as those see it who hold its machine against a rule: who waits and who
 * runs, what each asks for, and whether anybody may start now. It judges nothing.
 */
import type { GraphPlan } from "../src/define/plan.ts";
import type { Command, MachineEvent } from "../src/machine/event.ts";
import type { Ledger } from "../src/machine/ledger.ts";
import { Run } from "../src/machine/run.ts";
import type { Recording } from "../src/testing.ts";

export class MachineAgain {
  readonly run: Run;
  readonly #plan: GraphPlan;
  #mustering = false;
  /** After an event: whether the machine waits for an answer before anybody may start. */
  waits = false;

  constructor(plan: GraphPlan, { settings }: Pick<Recording, "settings">) {
    this.run = new Run(plan, settings);
    this.#plan = plan;
  }

  get ledger(): Ledger {
    return this.run.ledger;
  }

  handle(event: MachineEvent): readonly Command[] {
    const commands = this.run.handle(event);
    if (event.type === "mustered") this.#mustering = false;
    if (commands.some(({ type }) => type === "muster")) this.#mustering = true;
    const asks = commands.some(({ type }) => type === "gather" || type === "fallback");
    this.waits = this.#mustering || asks;
    return commands;
  }

  /** Its own. */
  priorityOf(task: number): number {
    return this.#plan.graph.definitions[this.ledger.writtenOf(task)]?.options?.priority ?? 0;
  }

  /** What it asks for beside a slot: the random graphs have constants. */
  demandOf(task: number): Readonly<Record<string, number>> {
    const { options } = this.#plan.graph.definitions[this.ledger.writtenOf(task)] ?? {};
    return (options?.resources ?? {}) as Readonly<Record<string, number>>;
  }

  /** Tasks and items; maps wait for nothing and hold nothing. */
  withStatus(status: number): number[] {
    const { graph } = this.#plan;
    const { ledger } = this;
    return Array.from({ length: ledger.tasks }, (_, task) => task).filter(
      (task) =>
        ledger.status[task] === status &&
        (task >= graph.size || graph.definitions[task]?.kind !== "map"),
    );
  }
}
