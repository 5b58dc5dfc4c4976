/** Raft whose nodes give several votes in a term. */

import type { Simulation } from "../../../testing.ts";
import { replicatedStore } from "../simulated.ts";

const body: (sim: Simulation) => Promise<void> = replicatedStore({ bugs: { doubleVote: true } });
export default body;
