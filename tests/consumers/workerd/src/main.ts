import { useLibrary } from "./program.ts";

// The host has no `Worker`; with nodejs_compat it has one that is not implemented.
const noThreads = "setImmediate" in globalThis
  ? { name: "Error", message: /Worker.* not implemented/ }
  : { name: "TypeError", message: /no threads/ };

async function use(): Promise<Response> {
  await useLibrary({ worker: new URL("file:///tasks.js"), lacks: { pool: noThreads, watchdog: noThreads } });
  return new Response("done");
}

interface Env {
  readonly ROOM: { getByName(name: string): { fetch(request: Request): Promise<Response> } };
}

/** A Durable Object: requests to it may run at the same time. */
export class Room {
  fetch(): Promise<Response> {
    return use();
  }
}

export default {
  fetch: (request: Request, { ROOM }: Env): Promise<Response> =>
    new URL(request.url).pathname === "/room" ? ROOM.getByName("room").fetch(request) : use(),
};
