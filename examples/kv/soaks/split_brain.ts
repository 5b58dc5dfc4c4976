/** Raft that takes for a majority one of those who have answered lately. */

import type { Simulation } from "../../../testing.ts";
import { replicatedStore } from "../simulated.ts";

const body: (sim: Simulation) => Promise<void> = replicatedStore({ bugs: { splitBrain: true } });
export default body;
