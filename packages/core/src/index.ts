// Door 1: typed task handles.

// Run.
export type { Clock } from "./contract/clock.ts";
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
} from "./contract/observer.ts";
export type { Runner, RunnerAttempt } from "./contract/runner.ts";
// Plan.
export type { Plan, PlannedStage, PlannedTask } from "./define/plan.ts";
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
} from "./define/task.ts";
export { type Flow, type FlowRun, flow, type Roots } from "./doors/flow.ts";
// Door 2: the documented scheduler.
export {
  type DataItem,
  DynamicScheduler,
  type SchedulerOptions,
  type TaskCallable,
  type TaskData,
  type TaskOrder,
} from "./doors/scheduler.ts";
export type { Dispatch } from "./drive/execute.ts";
export type { RunOptions } from "./drive/options.ts";
export { Semaphore } from "./drive/semaphore.ts";
export { type EncodedValue, type SerializedError, serializeError } from "./ground/encode.ts";
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
} from "./ground/errors.ts";
export { VERSION } from "./ground/version.ts";
export type { FailureMode } from "./machine/attempts.ts";
export type { Analysis, Link } from "./report/analysis.ts";
// Report.
export type { ExecutionReport, PlanIssue, SerializedReport } from "./report/report.ts";
export type {
  AttemptStatistics,
  Ms,
  Offset,
  StageStatistics,
  TaskStatistics,
  TaskStatus,
} from "./report/statistics.ts";
export type { Journal, JournalEntry } from "./resume/journal.ts";
export { reportOfJournal } from "./resume/restore.ts";
