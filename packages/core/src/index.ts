// Door 1: typed task handles.

export type { Analysis, Link } from "./analysis.ts";
export type { FailureMode } from "./attempts.ts";
// Run.
export type { Clock } from "./clock.ts";
export { type EncodedValue, type SerializedError, serializeError } from "./encode.ts";
// Errors.
export {
  DefinitionError,
  InputError,
  type Issue,
  JournalError,
  NonErrorThrown,
  NonRetryableError,
  PlanError,
  RunAbortedError,
  RunError,
  RunStoppedError,
  SchemaError,
  TaskCancelledError,
  TimeoutError,
} from "./errors.ts";
export type { Dispatch } from "./execute.ts";
export { type Flow, type FlowRun, flow, type Roots } from "./flow.ts";
export type { Journal, JournalEntry } from "./journal.ts";
// Watch.
export {
  type AttemptEndEvent,
  type AttemptInfo,
  type AttemptScope,
  type AttemptStartEvent,
  type FinalStatus,
  flushObservers,
  fromEvents,
  type LiveStatus,
  type Observer,
  type Proceed,
  type ProgressEvent,
  type RemoteActivator,
  type RunEndEvent,
  type RunEvent,
  type RunInfo,
  type RunScope,
  type RunStartEvent,
  registerGlobalObserver,
  type StatusEvent,
  type TaskEndEvent,
  type TaskInfo,
  type TaskOutcome,
  type TaskScope,
  type TaskStartEvent,
} from "./observe.ts";
// Plan.
export type { Plan, PlannedStage, PlannedTask } from "./plan.ts";
// Report.
export type { ExecutionReport, PlanIssue, SerializedReport } from "./report.ts";
export { reportOfJournal } from "./resume.ts";
export type { RunOptions } from "./run-options.ts";
export type { Runner, RunnerAttempt } from "./runner.ts";
// Door 2: the documented scheduler.
export {
  type DataItem,
  DynamicScheduler,
  type SchedulerOptions,
  type TaskCallable,
  type TaskData,
  type TaskOrder,
} from "./scheduler.ts";
export { Semaphore } from "./semaphore.ts";
export type {
  AttemptStatistics,
  Ms,
  Offset,
  StageStatistics,
  TaskStatistics,
  TaskStatus,
} from "./statistics.ts";
export {
  after,
  type Binding,
  type Input,
  type Inputs,
  type MapOptions,
  map,
  type Outcome,
  type OutputOf,
  optional,
  type Param,
  param,
  pick,
  type RetryPolicy,
  type Schema,
  type SchemaIssue,
  type SchemaResult,
  settled,
  type Task,
  type TaskContext,
  type TaskOptions,
  task,
  type ValueOf,
  type ValuesOf,
} from "./task.ts";
export { VERSION } from "./version.ts";
