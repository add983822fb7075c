/**
 * What the rule of precedence says where some of what tasks need is shared with other runs: none passes one of higher
 * priority of its own that waits, so that it takes a unit which that one lacks, or, where that one lacks something of its
 * run's own, a unit that it needs. Held against a recording of a run that shares with nobody, in plain words.
 */
import type { GraphPlan } from "../src/define/plan.ts";
import { QUEUED, RUNNING } from "../src/machine/states.ts";
import type { Recording } from "../src/testing.ts";
import { MachineAgain } from "./machine-again.ts";

/** Says who passed whom; nothing when nobody did. `shared`: which of the resources are held by semaphores. */
export function passed(
  plan: GraphPlan,
  { events, settings }: Recording,
  slots: number,
  capacity: Readonly<Record<string, number>>,
  shared: readonly string[],
): string | undefined {
  const machine = new MachineAgain(plan, { settings });
  const { ledger } = machine;
  const names = ["slots", ...Object.keys(capacity)];
  const own = (task: number): number => machine.priorityOf(task);
  const needs = (task: number): Record<string, number> => ({ ...machine.demandOf(task), slots: 1 });
  const ranks = plan.ranks(settings.estimates, settings.release);
  const before = (a: number, b: number): boolean => {
    const [first, second] = [a, b].map((task) => ranks[ledger.writtenOf(task)] as number);
    return (first as number) < (second as number) || (first === second && a < b);
  };
  /** By claim: who waited when it was first asked for. */
  const waitedAtAsk = new Map<number, ReadonlySet<number>>();
  for (const [at, event] of events.entries()) {
    const waitedBefore = new Set(machine.withStatus(QUEUED));
    const ranBefore = new Set(machine.withStatus(RUNNING));
    const commands = machine.handle(event);
    const started = commands.flatMap((one) =>
      one.type === "start" && !ranBefore.has(one.task) ? [one.task] : [],
    );
    const running = [...ranBefore].filter(
      (task) => ledger.status[task] === RUNNING && !started.includes(task),
    );
    for (const one of commands) {
      if (one.type === "acquire" && !waitedAtAsk.has(one.claim)) {
        waitedAtAsk.set(one.claim, waitedBefore);
      }
    }
    for (const task of started) {
      const claim = machine.run.claimOf(task);
      const waited = claim === undefined ? waitedBefore : (waitedAtAsk.get(claim) ?? new Set());
      const free = (name: string): number =>
        (name === "slots" ? slots : (capacity[name] as number)) -
        running.reduce((sum, one) => sum + (needs(one)[name] ?? 0), 0);
      const taken = needs(task);
      for (const other of machine.withStatus(QUEUED)) {
        if (!waited.has(other) || !before(other, task) || own(other) <= own(task)) continue;
        const wanted = needs(other);
        const lacks = names.filter((name) => (wanted[name] ?? 0) > free(name));
        const isLocal = lacks.some((name) => !shared.includes(name));
        for (const name of names) {
          const [takes, needed] = [taken[name] ?? 0, wanted[name] ?? 0];
          if (takes === 0 || needed === 0) continue;
          const isTaken = lacks.includes(name) || (isLocal && takes + needed > free(name));
          if (isTaken) return `event ${at}: ${task} passed ${other}, and took ${name}`;
        }
      }
      running.push(task);
    }
  }
  return undefined;
}
