/**
 * What a worker thread of a pool loads first.
 *
 * @module
 */

import { parentOfThread } from "../../../runtime/hosts/common/parent.ts";
import { WorkerSide } from "./worker_side.ts";

new WorkerSide(parentOfThread());
