/** Raft whose followers cut their log at each append. */

import type { Simulation } from "../../../testing.ts";
import { replicatedStore } from "../simulated.ts";

const body: (sim: Simulation) => Promise<void> = replicatedStore({ bugs: { logTruncation: true } });
export default body;
