/**
 * A task for each connection.
 *
 * ```
 *   listening ──cancelled, or a handler failed──> no longer listening ──grace──> handlers cancelled ──> all have ended
 * ```
 *
 * @module
 */

import { checkCount, checkDuration, checkFunction } from "../../runtime/basics/check.ts";
import { loop } from "../../scheduler/queue/loop.ts";
import { currentScope } from "../../scheduler/scopes/current_scope.ts";
import { CancelScope } from "../../scheduler/scopes/mod.ts";
import type { Permit } from "../../scheduler/sync/permit.ts";
import { Semaphore } from "../../scheduler/sync/semaphore.ts";
import { group, type TaskGroup } from "../../scheduler/tasks/task_group.ts";
import { throwIfCancelled } from "../../scheduler/waits/sleep.ts";
import { type Connection, discardInput } from "./connection.ts";
import { checkListen, type ListenOptions, openListener } from "./listen.ts";

/** How {@linkcode serveTcp} is to go. */
export interface ServeTcpOptions extends ListenOptions {
  /** How many connections are handled at once; further ones wait, at most `backlog` of them. Default: no limit. */
  maxConcurrent?: number;
  /** How long handlers may go on after a cancellation, when nobody new is let in, before it reaches them, in ms. Default: 0. */
  grace?: number;
  /** How long handlers may then take to end, in ms; past it the call rejects with `TeardownError`. Default: no limit. */
  teardownTimeout?: number;
  /** Is told the port when it listens. */
  onListen?: (port: number) => void;
  /** Is told of errors of handlers; the others go on. Default: they fail the call, as a task's failure does its group. */
  onError?: (error: unknown) => void;
}

/**
 * Listens, with a task for each connection, until it is cancelled: then the handlers are cancelled, after `grace`, and their connections
 * closed. A connection is closed when its handler has ended, what was written is sent, and the client has ended its half or had a second
 * to do so. While the process has no descriptors left, nobody is let in, and it goes on when it
 * has some again (not on Deno 2.9, whose listener accepts nobody any more then, without a word).
 *
 * @throws {TypeError} or {RangeError} at the call, for arguments of a wrong kind or range.
 * @throws {Error} (rejection) with the system's code, such as "EADDRINUSE".
 * @throws {TeardownError} (rejection) when handlers outlast `teardownTimeout`.
 *
 * @example
 * ```ts
 * import { group } from "@millrace/millrace";
 * import { connect, readLines, serveTcp } from "@millrace/millrace/io";
 *
 * await group(async (g) => {
 *   const port = await new Promise<number>((onListen) => {
 *     g.spawn(() =>
 *       serveTcp(async (connection) => {
 *         for await (const line of readLines(connection, { maxLength: 1000 })) await connection.write(`${line}!\n`);
 *       }, { onListen })
 *     );
 *   });
 *   const connection = await connect({ port });
 *   await connection.write("hello\n");
 *   for await (const line of readLines(connection)) {
 *     console.log(line);
 *     break;
 *   }
 *   g.cancel();
 * });
 * // -> hello!
 * ```
 */
export function serveTcp(
  handler: (connection: Connection) => void | PromiseLike<void>,
  options: ServeTcpOptions = {},
): Promise<void> {
  checkFunction(handler, "The handler of serveTcp");
  const settings = checkListen(options, "serveTcp", [
    "maxConcurrent",
    "grace",
    "teardownTimeout",
    "onListen",
    "onError",
  ]);
  const { maxConcurrent = Infinity, grace = 0, teardownTimeout = Infinity, onListen, onError } = options;
  checkCount(maxConcurrent, "maxConcurrent", 1);
  checkDuration(grace, "grace");
  checkDuration(teardownTimeout, "teardownTimeout");
  if (onListen !== undefined) checkFunction(onListen, "onListen");
  if (onError !== undefined) checkFunction(onError, "onError");
  const serving = new Serving(handler, grace, onError);
  return group(async (g) => {
    g.defer(() => serving.closeAll());
    const listener = await openListener(settings);
    const slots = new Semaphore(maxConcurrent);
    try {
      onListen?.(listener.port);
      for (;;) {
        // Not before there is a slot: those who wait for one are the listener's, which bounds them.
        const slot = serving.rememberSlot(await slots.acquire());
        serving.handle(g, (await listener.accept())!, slot);
      }
    } finally {
      serving.beginGrace();
      await listener.close();
    }
  }, { name: "serveTcp", teardownTimeout }).finally(() => serving.closeAll());
}

/** How long a client has to end its half when its handler has ended, in ms. */
const lingerTime = 1000;

/** The connections of one call of `serveTcp`. */
class Serving {
  readonly #handler: (connection: Connection) => void | PromiseLike<void>;
  readonly #grace: number;
  readonly #onError: ((error: unknown) => void) | undefined;
  /** Those that are not closed, also those whose handler waits for its turn. */
  readonly #open = new Set<Connection>();
  /** Those of handlers that run, and of those that may never: whoever is cancelled before its turn does not start. */
  readonly #slots = new Set<Permit>();
  /** Handlers that a cancellation does not reach yet. */
  readonly #shields = new Set<CancelScope>();
  #graceTimer: { cancel(): void } | undefined = undefined;

  constructor(
    handler: (connection: Connection) => void | PromiseLike<void>,
    grace: number,
    onError: ((error: unknown) => void) | undefined,
  ) {
    this.#handler = handler;
    this.#grace = grace;
    this.#onError = onError;
  }

  /** Remembers a slot that has no handler yet. */
  rememberSlot(slot: Permit): Permit {
    this.#slots.add(slot);
    return slot;
  }

  handle(g: TaskGroup, connection: Connection, slot: Permit): void {
    this.#open.add(connection);
    void connection.closed.then(() => this.#open.delete(connection));
    g.spawn(async () => {
      const shield = new CancelScope({ shield: this.#grace > 0 });
      this.#shields.add(shield);
      try {
        await shield.run(async () => {
          await this.#handler(connection);
          // What was written is still sent; that the client has left before is no error of the handler.
          await connection.end().catch(throwIfCancelled);
        });
        this.#linger(connection);
      } catch (error) {
        connection.close();
        if (this.#onError === undefined || currentScope()?.effective !== undefined) throw error;
        this.#onError(error);
      } finally {
        this.#shields.delete(shield);
        // Not where the call is over already, because the handler has outlasted its `teardownTimeout`.
        if (this.#slots.delete(slot)) slot.release();
      }
    }, { name: "connection" });
  }

  /**
   * Closing while the client still sends would make its system drop what it has not read yet. So its end is waited for, a while: who
   * never ends is not to keep a descriptor for good.
   */
  #linger(connection: Connection): void {
    discardInput(connection);
    const timer = loop().timers.setTimer(() => connection.close(), lingerTime, { real: true });
    void connection.closed.then(() => timer.cancel());
  }

  beginGrace(): void {
    if (this.#shields.size === 0) return;
    this.#graceTimer = loop().timers.setTimer(
      () => {
        for (const shield of this.#shields) shield.shield = false;
      },
      this.#grace,
      { real: true },
    );
  }

  closeAll(): void {
    this.#graceTimer?.cancel();
    for (const connection of this.#open) connection.close();
    this.#open.clear();
    for (const slot of this.#slots) slot.release();
    this.#slots.clear();
  }
}
