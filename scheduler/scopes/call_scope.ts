/**
 * The scopes of calls that a pool makes in this thread: what a worker function waits for is cancelled with its call.
 *
 * @module
 */

import { type CallScope, threadWork } from "../../runtime/basics/thread_work.ts";
import { loop } from "../queue/loop.ts";
import { Scope } from "./scope.ts";

/** Lets those who run the calls of pools in this thread open scopes; they have a copy of this library of their own, without scopes. */
export function offerCallScopes(): void {
  const { openCall } = threadWork;
  threadWork.openCall = openCall === undefined ? openOwn : () => openBoth(openCall(), openOwn());
}

function openOwn(): CallScope {
  const scope = new Scope(undefined);
  const { context } = loop();
  return {
    run: (fn) => context.run(scope, (call: typeof fn) => call(), fn),
    cancel: (reason) => scope.cancel("cancel", reason),
    end() {
      // Groups that nobody awaits are cancelled; waits are withdrawn.
      if (scope.members !== undefined) scope.cancel("cancel", new Error("The call of a pool has ended"));
      scope.close();
    },
  };
}

/** For modules that have loaded two copies of the library. */
function openBoth(outer: CallScope, inner: CallScope): CallScope {
  return {
    run: (fn) => outer.run(() => inner.run(fn)),
    cancel(reason) {
      outer.cancel(reason);
      inner.cancel(reason);
    },
    end() {
      inner.end();
      outer.end();
    },
  };
}
