export type { CannotCross } from "astrum-crossing";
export type { CallContext } from "./call-context.ts";
export type { RemoteContext } from "./context.ts";
export {
  FleetClosedError,
  JobRefusedError,
  LeaseLostError,
  PayloadTooLargeError,
  RemoteSerializationError,
  RunIdReusedError,
  RunInUseError,
  StoreUnavailableError,
  UnknownTaskError,
  WorkerDrainedError,
  WorkerLostError,
} from "./errors.ts";
export {
  type RemoteForm,
  type RemoteModule,
  type RemoteRef,
  remote,
} from "./remote.ts";
export { connectFleet, type Fleet, type FleetTask } from "./scheduler/fleet.ts";
export type { FleetOptions } from "./scheduler/fleet-options.ts";
export type { FleetRunnerOptions, FleetTaskOptions } from "./scheduler/task-options.ts";
export type { FleetConnection } from "./store/connection.ts";
export type { FleetStatus } from "./store/status.ts";
export type { WorkerInfo } from "./store/worker-registry.ts";
export type { WorkerLog, WorkerLogEntry } from "./worker/log.ts";
export type { MetricsClient, MetricsRegistry } from "./worker/metrics.ts";
export { type FleetWorker, serveWorker } from "./worker/serve-worker.ts";
export type { TaskModule } from "./worker/task-table.ts";
export type { ThreadPool } from "./worker/threads.ts";
export type { LeaseOptions, WorkerOptions } from "./worker/worker-options.ts";
