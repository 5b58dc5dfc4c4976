/** A primary with a backup, as they are. */

import type { Simulation } from "../../../testing.ts";
import { replicatedStore } from "../simulated.ts";

const body: (sim: Simulation) => Promise<void> = replicatedStore({ form: "pair" });
export default body;
