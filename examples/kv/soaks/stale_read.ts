/** Raft whose leaders read from their own memory. */

import type { Simulation } from "../../../testing.ts";
import { replicatedStore } from "../simulated.ts";

const body: (sim: Simulation) => Promise<void> = replicatedStore({ bugs: { staleRead: true } });
export default body;
