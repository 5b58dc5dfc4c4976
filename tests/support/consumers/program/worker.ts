/**
 * The entry of a worker that the program starts itself.
 *
 * @module
 */

import { serveJobs } from "@millrace/millrace/worker";
import * as tasks from "./tasks.ts";

serveJobs(tasks);
