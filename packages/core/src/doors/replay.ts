/**
 * A recorded run, run again without its functions: the same events give the same ledger, and so the same report. For
 * looking at what happened elsewhere, and the proof that the machine is a function of its events.
 */

import type { GraphPlan, Plan } from "../define/plan.ts";
import type { Recorder } from "../drive/execution.ts";
import { type Command, type InnerFlow, type MachineEvent, restoredNext } from "../machine/event.ts";
import type { Dispatch, Machine, RunSettings } from "../machine/machine.ts";
import { machineFor } from "../machine/machine-for.ts";
import { DETACHED, STATUSES } from "../machine/states.ts";
import { taskName } from "../machine/task-name.ts";
import type { ExecutionReport } from "../report/execution-report.ts";
import { Fingerprints } from "../report/fingerprint.ts";
import { collect, gathered } from "../report/outcome.ts";
import { Reasons } from "../report/reasons.ts";
import { reportOf } from "../report/report.ts";
import type { RunFacts } from "../report/run-record.ts";

/** The input log of one run. */
export interface Recording {
  readonly settings: RunSettings;
  readonly dispatch: Dispatch;
  readonly events: readonly MachineEvent[];
  /** There once the run has settled. */
  readonly facts: RunFacts | undefined;
}

/** Records a run as it goes. */
export class Tape implements Recorder, Recording {
  settings: RunSettings = {};
  dispatch: Dispatch = "dependencies";
  readonly events: MachineEvent[] = [];
  facts: RunFacts | undefined;

  begin(settings: RunSettings, dispatch: Dispatch): void {
    this.settings = settings;
    this.dispatch = dispatch;
  }

  event(event: MachineEvent): void {
    this.events.push(event);
  }

  end(facts: RunFacts): void {
    this.facts = facts;
  }
}

/**
 * The report of a recorded run, from its events alone. `plan` must be the plan that was run. Detached tail tasks are
 * as they were when the run settled. Throws `RangeError` when the recording has no end.
 */
export function replay(plan: Plan, recording: Recording): ExecutionReport {
  const { settings, dispatch, events, facts } = recording;
  if (facts === undefined)
    throw new RangeError("The recorded run has not settled: replay it when it has");
  const machine = machineFor(plan as GraphPlan, settings, dispatch);
  const outputs: unknown[] = [];
  const released = new Set<number>();
  const reasons = new Reasons(machine.ledger, (task) =>
    taskName(machine.plan.graph, machine.ledger, task),
  );
  const outcomes = { ledger: machine.ledger, reasons, outputs, released };
  for (const event of events) {
    // The event that settles a run may start tails as well: each that a held thread kept waiting says when it started. And
    // those that go on have said something until then.
    if (machine.state !== undefined && !AT_THE_END.has(event.type)) break;
    hold(event, machine, outputs);
    for (const command of machine.handle(event)) {
      if (command.type === "gather") {
        outputs[command.task] = gathered(outcomes, machine.plan.graph, command.task);
      } else if (command.type === "collect") {
        collect(outcomes, command.task);
      } else if (command.type === "release") {
        released.add(command.task);
        outputs[command.task] = undefined;
      }
    }
  }
  const { ledger, state } = machine;
  if (state === undefined)
    throw new RangeError("The recording is cut: its events do not settle the run");
  for (const tail of machine.detached) ledger.status[tail] = DETACHED;
  return reportOf({
    ...facts,
    plan: machine.plan,
    ledger,
    reasons,
    fingerprints: new Fingerprints(machine.plan.graph, ledger),
    outputs,
    released,
    state,
    tail: Promise.resolve([]),
  });
}

const AT_THE_END: ReadonlySet<MachineEvent["type"]> = new Set(["started", "logged"]);

/** The outputs that an event brings. */
function hold(event: MachineEvent, { ledger }: Machine, outputs: unknown[]): void {
  if (event.type === "returned") {
    outputs[event.task] = event.value;
  } else if (event.type === "fellBack" && "value" in event) outputs[event.task] = event.value;
  else if (event.type === "begin") {
    for (const [task, output] of event.restored ?? []) outputs[task] = output;
  }
  for (const [index, output] of restoredNext(event) ?? []) outputs[ledger.tasks + index] = output;
}

/**
 * A recorded run as lines that a person can read, one an event: the instant, what happened, and after the arrow what
 * the machine commanded.
 */
export function trace(plan: Plan, recording: Recording): string[] {
  const machine = machineFor(plan as GraphPlan, recording.settings, recording.dispatch);
  const name = (task: number): string => taskName(machine.plan.graph, machine.ledger, task);
  return recording.events.map((event) => {
    const happened = `${Math.round(event.at * 1000) / 1000} ${eventText(event, name)}`;
    const commands = machine.handle(event).map((command) => commandText(command, machine, name));
    return commands.length === 0 ? happened : `${happened} → ${commands.join(", ")}`;
  });
}

function eventText(event: MachineEvent, name: (task: number) => string): string {
  switch (event.type) {
    case "begin":
      return event.restored === undefined ? "begin" : `begin with ${event.restored.size} restored`;
    case "stop":
      return `stop: ${event.cause.kind}`;
    case "permit":
    case "denied":
    case "mustered":
      return event.type;
    case "prepared": {
      const task = name(event.task);
      if (event.unfinished) return `${task} cannot be prepared, and is not done with it`;
      if (event.skip !== undefined) return `${task} is not wanted: ${event.skip}`;
      if ("error" in event) return `${task} cannot be prepared`;
      if (event.inner !== undefined) return `${task} begins with ${flowText(event.inner)}`;
      return event.items === undefined ? `${task} prepared` : `${task} has ${event.items} items`;
    }
    case "threw":
      return `${name(event.task)} ${event.timedOut ? "timed out" : "threw"}${event.stops ? `, stop: ${event.stops.kind}` : ""}`;
    case "fellBack": {
      if (event.pending) return `${name(event.task)} waits for its fallback`;
      return `${name(event.task)} fell back${"error" in event ? " in vain" : ""}`;
    }
    case "returned":
      if (event.inner === undefined) return `${name(event.task)} returned`;
      return `${name(event.task)} returned ${flowText(event.inner)}`;
    case "iterated": {
      const task = name(event.task);
      if (event.pending) return `${task} waits for what comes next`;
      if ("error" in event) return `${task} cannot go on`;
      if (event.done) return `${task} is done`;
      return event.inner === undefined
        ? `${task} may not go on`
        : `${task} goes on with ${flowText(event.inner)}`;
    }
    default:
      return `${name(event.task)} ${event.type}`;
  }
}

function flowText({ graph }: InnerFlow): string {
  return `a flow of ${graph.size}`;
}

function commandText(
  command: Command,
  { ledger }: Machine,
  name: (task: number) => string,
): string {
  switch (command.type) {
    case "start": {
      const attempt = ledger.firstAttempt[command.task] === command.attempt ? "" : " again";
      return `start ${name(command.task)}${attempt}`;
    }
    case "delay":
      return `delay ${name(command.task)} ${Math.round(command.ms)}`;
    case "acquire":
    case "arrange":
    case "withdraw":
    case "yield":
    case "muster":
    case "hasten":
    case "settle":
    case "close":
      return command.type;
    case "ended":
      return `ended ${name(ledger.attemptTask[command.attempt] as number)}`;
    case "spawned":
      return `spawned ${command.count}`;
    case "status":
      return `${name(command.task)} is ${STATUSES[command.to]}`;
    default:
      return `${command.type} ${name(command.task)}`;
  }
}
