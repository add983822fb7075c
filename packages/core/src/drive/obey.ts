/** Which command of the machine is for which part of the driver. Decides nothing. */
import type { Command } from "../machine/event.ts";
import type { Calls } from "./calls.ts";
import type { Delays } from "./delays.ts";
import type { EventQueue } from "./event-queue.ts";
import type { FallbackCalls } from "./fall-back.ts";
import type { Gatherer } from "./gather.ts";
import type { Grants } from "./grants.ts";
import type { Loops } from "./loops.ts";
import type { Notifier } from "./notify.ts";
import type { Preparation } from "./prepare.ts";
import type { Things } from "./things.ts";
import type { Values } from "./values.ts";

/** The parts of a driver that obey. */
export interface Parts {
  readonly queue: EventQueue;
  readonly preparation: Preparation;
  readonly calls: Calls;
  readonly delays: Delays;
  readonly fallbacks: FallbackCalls;
  readonly gatherer: Gatherer;
  readonly loops: Loops;
  readonly things: Things;
  /** There when the run shares something. */
  readonly grants: Grants | undefined;
  readonly values: Values;
  /** There once the run has begun, when somebody observes it. */
  readonly notifier: Notifier | undefined;
  now(): number;
  start(task: number, attempt: number, at: number): void;
  settle(): void;
  close(): void;
}

/** `at`: the instant of the event that led to it. */
export function obey(parts: Parts, command: Command, at: number): void {
  switch (command.type) {
    case "start":
      parts.start(command.task, command.attempt, at);
      break;
    case "prepare":
      parts.preparation.prepare(command.task);
      break;
    case "muster":
      parts.queue.send({ type: "mustered", at: parts.now() });
      break;
    case "unprepare":
      parts.preparation.unprepare(command.task);
      parts.loops.unprepare(command.task);
      break;
    case "abort":
      parts.calls.abort(command.task, command.cause, at);
      break;
    case "delay":
      parts.delays.delay(command.task, command.ms);
      break;
    case "undelay":
      parts.delays.undelay(command.task);
      break;
    case "dispose":
      parts.things.dispose(command.task);
      break;
    case "watch":
      parts.things.watch(command.task);
      break;
    case "hasten":
      parts.things.hasten();
      break;
    case "released":
      parts.notifier?.released(command.task, at);
      break;
    case "gone":
      parts.notifier?.gone(command.task, at);
      break;
    case "gather":
      parts.queue.answer(parts.gatherer.gathered(command.task, at));
      break;
    case "iterate":
      parts.queue.answer(parts.loops.iterate(command.task, command.iteration));
      break;
    case "fallback":
      parts.queue.answer(parts.fallbacks.ask(command.task));
      break;
    case "press":
      if (command.cause === undefined) parts.fallbacks.press(command.task);
      else parts.calls.press(command.task, command.cause, at);
      break;
    case "collect":
      parts.values.collect(command.task);
      break;
    case "release":
      parts.values.release(command.task);
      break;
    case "acquire":
      parts.grants?.acquire(command.claim, command.units);
      break;
    case "arrange":
      parts.grants?.arrange(command.claims);
      break;
    case "withdraw":
      parts.grants?.end(command.claim, true);
      break;
    case "yield":
      parts.grants?.end(command.claim, command.unused === true);
      break;
    case "status":
      parts.notifier?.status(command.task, command.from, command.to, command.cause, at);
      break;
    case "ended":
      parts.notifier?.attemptEnds(command.attempt, at);
      break;
    case "spawned":
      parts.notifier?.spawned(command.first, command.count, at);
      break;
    case "settle":
      parts.settle();
      break;
    case "close":
      parts.close();
      break;
  }
}
