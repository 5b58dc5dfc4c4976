/** The same functions for poolifier. */
import { ThreadWorker } from "poolifier";
import * as tasks from "./pool_matrix_tasks.mjs";
export default new ThreadWorker(Object.fromEntries(Object.entries(tasks).filter(([name]) => name !== "OwnError")));
