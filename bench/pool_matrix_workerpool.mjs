/** The same functions for workerpool. */
import workerpool from "workerpool";
import * as tasks from "./pool_matrix_tasks.mjs";
workerpool.worker(Object.fromEntries(Object.entries(tasks).filter(([name]) => name !== "OwnError")));
