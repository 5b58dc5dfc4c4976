/**
 * An HTTP server whose requests are scopes: each ends when the client leaves or its deadline passes, and nothing it
 * started outlives it.
 *
 * ```
 *   request ──> (queue) ──> handler ──> answer ──> body sent, children ended ──> the slot is free
 *                              │ client leaves: cancelled ("disconnect")
 *                              │ timeout: 504, cancelled ("deadline")
 *                              └ drain past its grace: 503, cancelled ("shutdown")
 * ```
 *
 * @module
 */

import { checkFunction } from "../../runtime/basics/check.ts";
import { laneOf } from "../../scheduler/queue/priority.ts";
import { currentScope, within } from "../../scheduler/scopes/current_scope.ts";
import { groupAround, Scope } from "../../scheduler/scopes/scope.ts";
import type { GroupNode } from "../../scheduler/tasks/group_node.ts";
import { Wait } from "../../scheduler/waits/wait.ts";
import { OnCancel } from "../waits/on_cancel.ts";
import type { Handler } from "./request_owner.ts";
import { checkServeOptions, type ServeOptions } from "./serve_options.ts";
import { open, Server, shutDown } from "./server.ts";

/**
 * Opens an HTTP server and resolves when it listens. Each request runs in a group of its own, which the client's
 * leaving, its timeout and a drain cancel. The server belongs to the group it was opened in: that waits for it. Cancelling
 * that group, or the scope around the call, drains the server without delay; requests then have until `grace`. It takes none of the
 * slots that the group's `limit` gives out.
 *
 * @throws {TypeError} or {RangeError} at the call, for arguments of a wrong kind or range.
 * @throws {Error} (rejection) with the system's code, such as "EADDRINUSE", when it cannot listen.
 *
 * @example
 * ```ts
 * import { serve } from "@millrace/millrace/io";
 *
 * const server = await serve(() => new Response("hello"));
 * const response = await fetch(server.url);
 * console.log(await response.text());
 * await server.drain();
 * ```
 */
export function serve(handler: Handler, options: ServeOptions = {}): Promise<Server> {
  checkFunction(handler, "The handler of serve");
  const settings = checkServeOptions(options);
  const opening: Opening = {
    server: new Server(handler, settings),
    caller: currentScope(),
    opened: new Wait<Server>(currentScope(), undefined, `${settings.name} to listen`),
  };
  if (opening.opened.interrupted) return opening.opened.promise;
  const group = groupAround(opening.caller) as GroupNode | undefined;
  if (group === undefined) void openIn(undefined, opening);
  else group.spawn(() => serverTask(opening), { name: settings.name, lane: laneOf("user-visible"), unlimited: true });
  return opening.opened.promise;
}

interface Opening {
  readonly server: Server;
  /** The scope of the call. */
  readonly caller: Scope | undefined;
  /** What the caller waits for. */
  readonly opened: Wait<Server>;
}

/** The task that a server is in its group: it ends with the server, and drains it when cancelled. */
async function serverTask(opening: Opening): Promise<void> {
  const { server } = opening;
  const scope = new Scope(currentScope());
  scope.setShield(true);
  try {
    if (!await openIn(scope, opening)) return;
    const wait = new Wait<void>(currentScope(), () => shutDown(server), "the server to end");
    if (wait.interrupted) shutDown(server);
    void server.finished.then(() => wait.resolve());
    try {
      await wait.promise;
    } finally {
      await server.finished;
    }
  } finally {
    scope.close();
  }
}

/** Opens the server with `scope` around its requests, and tells the caller; answers if it is open. */
async function openIn(scope: Scope | undefined, { server, caller, opened }: Opening): Promise<boolean> {
  try {
    await within(scope, open, server);
  } catch (error) {
    opened.reject(error);
    return false;
  }
  if (!opened.resolve(server)) {
    // Whoever wanted the server is not there any more.
    shutDown(server);
  } else if (caller !== undefined && !caller.closed) {
    const hook = new OnCancel(caller, () => shutDown(server));
    void server.finished.then(() => hook.leave());
  }
  return true;
}
