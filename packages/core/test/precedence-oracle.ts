/**
 * What the rule of precedence says, in the plainest words that code has, held against what a machine did: of those that
 * wait for slots and resources the first in the order starts that fits, and takes nothing that one before it needs whose
 * own priority is higher. It reads a recording and the plan; it knows nothing of queues.
 */
import type { GraphPlan } from "../src/define/plan.ts";
import { QUEUED, RUNNING } from "../src/machine/states.ts";
import type { Recording } from "../src/testing.ts";
import { MachineAgain } from "./machine-again.ts";

/** Says where the starts of a recorded run were others than the rule's; nothing when they were not. */
export function unruly(
  plan: GraphPlan,
  { events, settings }: Recording,
  slots: number,
  capacity: Readonly<Record<string, number>>,
): string | undefined {
  const machine = new MachineAgain(plan, { settings });
  const { ledger } = machine;
  const { graph } = plan;
  const names = Object.keys(capacity);
  const own = (task: number): number => machine.priorityOf(task);
  const needs = (task: number): number[] => {
    const demand = machine.demandOf(task);
    return [1, ...names.map((name) => demand[name] ?? 0)];
  };
  const dependents = (task: number): number[] => {
    const { dependents, finallyTasks } = graph;
    const all = [...dependents.end.slice(dependents.start[task], dependents.start[task + 1])];
    return all.filter((dependent) => finallyTasks.has(task) || !finallyTasks.has(dependent));
  };
  const reach = (task: number): number =>
    Math.max(own(task), ...dependents(task).map((dependent) => reach(dependent)));
  const path = (task: number): number =>
    1 + Math.max(0, ...dependents(task).map((dependent) => path(dependent)));
  const numbers = settings.release === true ? depthFirst(plan) : undefined;
  const place = (task: number): number[] => {
    const planned = ledger.writtenOf(task);
    const further = numbers === undefined ? [-path(planned)] : [numbers.indexOf(planned)];
    return [-reach(planned), -own(planned), ...further, planned, task];
  };
  const inOrder = (a: number, b: number): number => {
    const [first, second] = [place(a), place(b)];
    const at = first.findIndex((value, at) => value !== second[at]);
    return at === -1 ? 0 : (first[at] as number) - (second[at] as number);
  };

  for (const [at, event] of events.entries()) {
    const before = new Set(machine.withStatus(RUNNING));
    const commands = machine.handle(event);
    if (machine.waits) continue;
    const started = commands.flatMap((command) =>
      command.type === "start" && !before.has(command.task) ? [command.task] : [],
    );
    // Those that ran before and still do hold what they have.
    const free = [slots, ...names.map((name) => capacity[name] as number)];
    const take = (task: number): void => {
      for (const [unit, amount] of needs(task).entries())
        free[unit] = (free[unit] as number) - amount;
    };
    for (const task of before)
      if (ledger.status[task] === RUNNING && !started.includes(task)) take(task);
    let waiting = [...started, ...machine.withStatus(QUEUED)].sort(inOrder);
    const expected: number[] = [];
    for (;;) {
      const next = waiting.find((task, place) => {
        const wanted = needs(task);
        const fits = (kept: readonly number[]): boolean =>
          wanted.every(
            (amount, unit) => amount === 0 || amount + (kept[unit] ?? 0) <= (free[unit] as number),
          );
        const passed = waiting.slice(0, place).filter((other) => own(other) > own(task));
        return fits([]) && passed.every((other) => fits(needs(other)));
      });
      if (next === undefined) break;
      take(next);
      expected.push(next);
      waiting = waiting.filter((task) => task !== next);
    }
    if (started.join() !== expected.join()) {
      return `event ${at} started ${started.join()}, the rule says ${expected.join()}`;
    }
  }
  return undefined;
}

/** With outputs that are let go: each task after what it needs, of that the deepest first, from the deepest that nobody reads. */
function depthFirst({ graph }: GraphPlan): number[] {
  const { dependencies, finallyTasks, size } = graph;
  const needs = (task: number): number[] => {
    const all = dependencies.end.slice(dependencies.start[task], dependencies.start[task + 1]);
    return [...all].filter((need) => finallyTasks.has(need) || !finallyTasks.has(task));
  };
  const depth = (task: number): number => 1 + Math.max(0, ...needs(task).map(depth));
  const deepestFirst = (tasks: number[]): number[] =>
    tasks.sort((a, b) => depth(b) - depth(a) || a - b);
  const all = Array.from({ length: size }, (_, task) => task);
  const read = new Set(all.flatMap(needs));
  const order: number[] = [];
  const visit = (task: number): void => {
    if (order.includes(task)) return;
    for (const need of deepestFirst(needs(task))) visit(need);
    order.push(task);
  };
  for (const sink of deepestFirst(all.filter((task) => !read.has(task)))) visit(sink);
  return order;
}
