export type { CannotCross } from "astrum-crossing";
export type { Transferable, WorkerContext } from "./context.ts";
export {
  WorkerCrashedError,
  WorkerModuleError,
  WorkerOutOfMemoryError,
  WorkerPoolClosedError,
  WorkerSerializationError,
  WorkerTimeoutError,
} from "./errors.ts";
export { type WorkerForm, type WorkerModule, type WorkerRef, workerModule } from "./module.ts";
export type { WorkerPoolOptions } from "./options.ts";
export {
  type CallContext,
  createWorkerPool,
  type WorkerPool,
  type WorkerPoolStats,
  type WorkerTask,
} from "./pool.ts";
export type { WorkerRunnerOptions } from "./runner.ts";
export type { WorkerTaskOptions } from "./task-options.ts";
