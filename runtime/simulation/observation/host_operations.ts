/**
 * Operations of the real host that complete in its poll phase, for programs of callbacks that are observed.
 *
 * @module
 */

import { builtin, hasBuiltins } from "../../hosts/common/node_process.ts";

/** Starts operations and, in the end, leaves nothing behind. */
export interface HostOperations {
  /** Starts an operation; its callback comes in the poll phase. */
  start(done: () => void): void;
  /** Closes what the operations needed, then calls back. */
  end(then: () => void): void;
}

interface Socket {
  on(event: string, listener: () => void): Socket;
  destroy(): void;
}

interface Server {
  listen(port: number, host: string, ready: () => void): void;
  address(): { port: number };
  close(done: () => void): void;
}

interface Net {
  connect(options: { port: number; host: string }): Socket;
  createServer(onConnection: (socket: Socket) => void): Server;
}

const { Deno } = globalThis as unknown as { Deno?: unknown };
const hasModules = hasBuiltins();
const host = "127.0.0.1";

/** Opens a source of operations; `ready` is called in a macrotask, or at once. */
export function openOperations(ready: (operations: HostOperations) => void): void {
  if (!hasModules) {
    return ready({ start: (done) => void fetch("data:,").then(done), end: (then) => then() });
  }
  if (Deno !== undefined) return openConnections(ready);
  const { stat } = builtin<{ stat(path: string, done: () => void): void }>("node:fs");
  ready({ start: (done) => stat(".", done), end: (then) => then() });
}

/**
 * On Deno an operation on a file may complete in the microtasks of its caller, when it is ready at the first look, which is
 * taken at the call. A connection is never ready by then.
 */
function openConnections(ready: (operations: HostOperations) => void): void {
  const net = builtin<Net>("node:net");
  const sockets = new Set<Socket>();
  function adopt(socket: Socket): void {
    sockets.add(socket);
    socket.on("error", () => {}).on("close", () => sockets.delete(socket));
  }
  let isOver = false;
  const server = net.createServer((socket) => {
    adopt(socket);
    // Told of only after the end, it would keep the server from closing.
    if (isOver) socket.destroy();
  });
  server.listen(0, host, () => {
    const { port } = server.address();
    function connect(done: () => void): void {
      const socket = net.connect({ port, host });
      let hasEnded = false;
      socket.on("connect", () => {
        hasEnded = true;
        socket.destroy();
        done();
      });
      // A machine that has opened very many connections may be out of ports for a while.
      socket.on("error", () => {
        if (!hasEnded) connect(done);
        hasEnded = true;
      });
      adopt(socket);
    }
    ready({
      start: connect,
      end(then) {
        isOver = true;
        server.close(then);
        for (const socket of sockets) socket.destroy();
      },
    });
  });
}

/** Can handles be closed on this host? */
export const canClose: boolean = hasModules;

/** Closes a handle of the host; the callback comes in the close phase. A socket that connects to nothing is one. */
export function closeHandle(done: () => void): void {
  builtin<Net>("node:net").connect({ port: 1, host }).on("error", () => {}).on("close", done).destroy();
}
