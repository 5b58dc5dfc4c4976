/** Raft whose nodes answer a vote before it is on the disk. */

import type { Simulation } from "../../../testing.ts";
import { replicatedStore } from "../simulated.ts";

const body: (sim: Simulation) => Promise<void> = replicatedStore({ bugs: { unsyncedVote: true } });
export default body;
