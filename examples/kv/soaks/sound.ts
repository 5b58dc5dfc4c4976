/** Raft as it is. */

import type { Simulation } from "../../../testing.ts";
import { replicatedStore } from "../simulated.ts";

const body: (sim: Simulation) => Promise<void> = replicatedStore();
export default body;
