/**
 * The servers that are open, for those who look at the program.
 *
 * @module
 */

/** A request that has not ended. */
export interface RequestState {
  /** Its method and path. */
  readonly name: string;
  readonly state: "running" | "queued" | "cancelling";
  /** For how long it has been there, in ms. */
  readonly age: number;
  /** How many tasks of its own it has. */
  readonly tasks: number;
}

/** What is shown of a server. */
export interface LiveServer<S> {
  readonly server: S;
  /** The oldest requests that have not ended, at most so many. */
  readonly requests: (most: number) => RequestState[];
}

const servers = new Map<object, LiveServer<never>>();

/** A server has opened. */
export function listServer<S extends object>(server: S, requests: (most: number) => RequestState[]): void {
  servers.set(server, { server: server as never, requests });
}

/** A server has ended, or is not to be shown. */
export function unlistServer(server: object): void {
  servers.delete(server);
}

/** The servers that are open, oldest first. */
export function liveServers<S>(): LiveServer<S>[] {
  return [...servers.values()];
}
