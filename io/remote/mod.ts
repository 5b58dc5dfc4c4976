/**
 * Functions of a module that run on other machines.
 *
 * @module
 */

export { DeadLetterError, NoWorkerError } from "./pool/remote_errors.ts";
export {
  type DeadLetter,
  type RemoteMapOptions,
  RemotePool,
  type RemotePoolOptions,
  type RemotePoolStatistics,
  type RemoteRunOptions,
  type RemoteStreamOptions,
} from "./remote_pool.ts";
export type { QueueOptions } from "./remote_settings.ts";
export { type BackoffOptions, serveTasks, type ServeTasksOptions } from "./serve_tasks.ts";
export type { TaskDrainOptions, TaskServer, TaskServerStatistics } from "./server/task_server.ts";
export type { Engine } from "./engine/engine.ts";
