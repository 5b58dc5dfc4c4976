/**
 * What a worker thread of a pool loads first.
 *
 * @module
 */

import { parentOfThread } from "../../../runtime/hosts/common/parent.ts";
import { claimThread } from "./current_job.ts";
import { WorkerSide } from "./worker_side.ts";

claimThread("pool");
new WorkerSide(parentOfThread());
