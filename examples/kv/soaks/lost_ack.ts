/** Raft that answers a write before a majority has it. */

import type { Simulation } from "../../../testing.ts";
import { replicatedStore } from "../simulated.ts";

const body: (sim: Simulation) => Promise<void> = replicatedStore({ bugs: { lostAck: true } });
export default body;
