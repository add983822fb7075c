// Door 1: typed task handles.

export { loop, type Steps } from "./define/loop.ts";
export { type Binding, type Param, param } from "./define/param.ts";
export type { OutputOf, Schema, SchemaIssue, SchemaResult } from "./define/schema.ts";
export { subflow } from "./define/subflow.ts";
export { after, type Optional, optional, type Picked, pick, settled } from "./define/take.ts";
export {
  type Because,
  type Input,
  type Inputs,
  map,
  type Outcome,
  type Task,
  task,
  type ValueOf,
  type ValuesOf,
} from "./define/task.ts";
export type { TaskContext } from "./define/task-context.ts";
export type {
  CacheOptions,
  ItemCacheOptions,
  Living,
  MapOptions,
  ParentOptions,
  ReleaseContext,
  RetryPolicy,
  TaskOptions,
} from "./define/task-options.ts";
export { value } from "./define/value.ts";
export { type Flow, flow, type Roots } from "./doors/flow.ts";
export type { EventsOptions, FlowRun } from "./doors/flow-run.ts";
export { LoopLimitError } from "./ground/loop-limit-error.ts";
export { type CompletedItem, type FailedItem, MapError } from "./ground/map-error.ts";
export { SubflowError } from "./ground/subflow-error.ts";

// Door 2: the documented scheduler.

export type {
  DataItem,
  Edges,
  ExecuteOptions,
  MapData,
  SchedulerOptions,
  TaskCallable,
  TaskData,
  TaskOrder,
  WrittenLiving,
  WrittenOptionsOfTask,
} from "./doors/records.ts";
export { DynamicScheduler } from "./doors/scheduler.ts";
export type { WrittenOptions, WrittenTask, WrittenTasks } from "./doors/written.ts";

// Plan.

export type { Plan, PlannedStage, PlannedTask } from "./define/plan.ts";

// Run.

export type { CacheStore } from "./contract/cache.ts";
export type { Clock } from "./contract/clock.ts";
export {
  type Placement,
  placementOf,
  type RemoteLogLine,
  type Runner,
  type RunnerAttempt,
} from "./contract/runner.ts";
export type { GivenParameters } from "./drive/bindings.ts";
export type { RunOptions } from "./drive/options.ts";
export { RateLimit, type RateLimitOptions } from "./drive/rate-limit.ts";
export { Semaphore } from "./drive/semaphore.ts";
export type { RunningTask, RunSnapshot } from "./drive/snapshot.ts";
export type { Dispatch, FailureMode } from "./machine/machine.ts";

// Watch.

export type { LostEvents, StreamedEvent } from "./contract/event-stream.ts";

export {
  type AttemptEndEvent,
  type AttemptInfo,
  type AttemptScope,
  type AttemptStartEvent,
  type FinalStatus,
  fromEvents,
  type LiveStatus,
  type LogEvent,
  type LostEvent,
  type Observer,
  type Proceed,
  type ProgressEvent,
  type ReleasedEvent,
  type RemoteActivator,
  type RunEndEvent,
  type RunEvent,
  type RunInfo,
  type RunScope,
  type RunStartEvent,
  type StatusEvent,
  type TaskEndEvent,
  type TaskInfo,
  type TaskOutcome,
  type TaskScope,
  type TaskStartEvent,
  type UnstoredEvent,
} from "./contract/observer.ts";
export { type RunResult, runResult, type TaskResult, taskResult } from "./contract/result.ts";
export { flushObservers, registerGlobalObserver } from "./doors/process-observers.ts";
export { type StoppableRun, stopOnSignals } from "./doors/stop-on-signals.ts";

// Report.

export type { Analysis, Link } from "./report/analysis.ts";
export type { ExecutionReport } from "./report/execution-report.ts";
export type { TaskFailure } from "./report/failures.ts";
export type {
  PlanIssue,
  ReportFooter,
  ReportHeader,
  SerializedReport,
} from "./report/serialized-report.ts";
export type {
  AttemptStatistics,
  LogLineStatistics,
  Ms,
  Offset,
  StageStatistics,
  TaskStatistics,
  TaskStatus,
} from "./report/statistics.ts";

// Resume.

export type { JournalEntry } from "./define/journal-entry.ts";
export type { ResumeInfo, ResumeInfoOptions } from "./doors/resume-info.ts";
export type { Origin } from "./report/origin.ts";
export type { Journal } from "./resume/journal.ts";
export { reportOfJournal } from "./resume/report-of-journal.ts";

// Errors, and values as JSON.

export { decodeValue } from "./ground/decode.ts";
export { type EncodedValue, type EncodeOptions, encodeValue } from "./ground/encode.ts";
export {
  BudgetExhaustedError,
  ClockError,
  DefinitionError,
  InputError,
  type Issue,
  JournalError,
  LostError,
  NonErrorThrown,
  NonRetryableError,
  PlanError,
  type Progress,
  RunAbortedError,
  RunError,
  RunStoppedError,
  SchemaError,
  TaskCancelledError,
  TaskSkippedError,
  TimeoutError,
  type TimeoutFacts,
} from "./ground/errors.ts";
export { type ReadableStack, readableStack } from "./ground/readable-stack.ts";
export { type SerializedError, serializeError } from "./ground/serialize-error.ts";
export { summarizeError } from "./ground/summarize-error.ts";
export { type Failure, summarizeFailure } from "./ground/summarize-failure.ts";
export { VERSION } from "./ground/version.ts";
