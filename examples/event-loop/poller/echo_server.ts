/** An echo server on the loop, for a thread of its own; `main.ts` starts it. */

import { close, read, write } from "./libc.ts";
import { SimpleEventLoop, type Waker } from "./simple_event_loop.ts";
import { acceptFrom } from "./sockets.ts";

/** A client that says nothing for so long is let go, in ms. */
const patience = 5000;

/** What a server has to tell. */
export interface Served {
  /** How many clients there were at once, at most. */
  readonly most: number;
  readonly echoed: number;
  /** When the loop called back for signal 10, in ms since 1970. */
  readonly wokenAt: number;
}

/** Serves the clients of a listening descriptor until signal 15; blocks its thread all that time. */
export function serve(server: number, waker: Waker): Served {
  const loop = new SimpleEventLoop(waker);
  const clients = new Set<number>();
  const served = { most: 0, echoed: 0, wokenAt: 0 };

  loop.addReader(server, () => {
    for (let fd = acceptFrom(server); fd !== undefined; fd = acceptFrom(server)) talk(fd);
    served.most = Math.max(served.most, clients.size);
  });
  loop.addSignalHandler(10, () => served.wokenAt = performance.timeOrigin + performance.now());
  loop.addSignalHandler(15, () => {
    loop.removeReader(server);
    close(server);
    for (const fd of clients) end(fd);
    loop.callSoon(() => loop.stop());
  });
  loop.runForever();
  return served;

  function talk(fd: number): void {
    const buffer = new Uint8Array(16 * 1024);
    let forget = () => {};
    clients.add(fd);
    hear();

    /** Echoes what comes, unless nothing does for too long. */
    function hear(): void {
      forget = loop.callLater(patience, () => end(fd));
      loop.addReader(fd, () => {
        forget();
        const size = read(fd, buffer, buffer.length);
        if (size <= 0) return end(fd);
        loop.removeReader(fd);
        say(buffer.subarray(0, size));
      });
    }

    /** Writes what the client takes; the rest when it takes more, and until then it is not heard. */
    function say(bytes: Uint8Array): void {
      const written = Math.max(0, write(fd, bytes, bytes.length));
      served.echoed += written;
      if (written === bytes.length) return hear();
      loop.addWriter(fd, () => {
        loop.removeWriter(fd);
        say(bytes.subarray(written));
      });
    }
  }

  function end(fd: number): void {
    if (!clients.delete(fd)) return;
    loop.removeReader(fd);
    loop.removeWriter(fd);
    close(fd);
  }
}
