/** A thread that writes a byte to a socket whenever it is told to through shared memory, and tells when the host has taken it. */

import { connect } from "node:net";
import { parentOfThread } from "../../../../runtime/hosts/common/parent.ts";

/** What the thread is told first. */
export interface WriterStart {
  readonly port: number;
  /** How many bytes are wanted, and how many are written. */
  readonly counts: Int32Array;
}

parentOfThread().listen((message) => {
  const { port, counts } = message as WriterStart;
  const socket = connect(port, "127.0.0.1");
  socket.setNoDelay(true);
  let begun = 0;
  setInterval(() => {
    if (Atomics.load(counts, 0) === begun) return;
    begun++;
    socket.write("x", () => void Atomics.add(counts, 1, 1));
  }, 1);
});
