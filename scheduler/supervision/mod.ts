/**
 * Tasks that fail alone and are started again.
 *
 * @module
 */

export {
  type RestartMode,
  type RestartPolicy,
  type RestartStrategy,
  supervise,
  type SupervisedSpawnOptions,
  type SuperviseOptions,
  type Supervisor,
} from "./supervisor.ts";
export { SupervisorError } from "./supervisor_error.ts";
