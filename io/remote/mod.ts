/**
 * Functions of a module that run on other machines.
 *
 * @module
 */

export { DeadLetterError, NoWorkerError } from "./pool/remote_errors.ts";
export type {
  DeadLetter,
  DeadLettersOptions,
  RemoteMapOptions,
  RemotePoolOptions,
  RemotePoolStatistics,
  RemoteRunOptions,
  RemoteStreamOptions,
} from "./pool/pool_options.ts";
export type { RemoteCallTrace } from "./pool/remote_trace.ts";
export type { NatsConnection, NatsConnectOptions, NatsSubscription } from "./nats/connection.ts";
export type { NatsEngineOptions } from "./nats/nats_options.ts";
export { RemotePool } from "./remote_pool.ts";
export type { QueueOptions } from "./settings/remote_settings.ts";
export { type BackoffOptions, serveTasks, type ServeTasksOptions } from "./serve_tasks.ts";
export type { RemoteJobTrace } from "./server/server_trace.ts";
export type { TaskDrainOptions, TaskServer, TaskServerStatistics } from "./server/task_server.ts";
