/** Eight MiB moved to a worker and back. */

import { WorkerPool } from "../mod.ts";
import { type Bench, type Timed, timeEach } from "./harness.ts";
import { enders, rawWorker } from "./worker_raw.ts";

export const bench: Bench = {
  name: "worker-transfer",
  claim: "moving 8 MiB to a worker and back costs at most 1.3 x raw messages",
  unit: "us",
  by: "wall",
  target: 1.3,
  async cases() {
    const raw = await rawWorker<ArrayBuffer, ArrayBuffer>("data", "[answer]");
    const pool = new WorkerPool<typeof import("./worker_tasks.ts")>(new URL("./worker_tasks.ts", import.meta.url), {
      size: 1,
    });
    enders.push(() => void pool.close({ timeout: 0 }));
    const drive = (call: (buffer: ArrayBuffer) => Promise<ArrayBuffer>) => (): Promise<Timed> => {
      let buffer = new ArrayBuffer(8 << 20);
      return timeEach(300, async () => {
        for (let n = 0; n < 300; n++) buffer = await call(buffer);
      });
    };
    return [
      { name: "raw messages", kind: "floor", run: drive((buffer) => raw(buffer, [buffer])) },
      {
        name: "Millrace: pool.run with transfer",
        kind: "ours",
        run: drive((buffer) => pool.run("giveBack", [buffer], { transfer: [buffer] })),
      },
    ];
  },
};
