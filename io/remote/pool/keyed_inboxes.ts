/**
 * The inboxes of keys: all who call with one key hear the same answers.
 *
 * @module
 */

import type { Engine, Message } from "../engine/engine.ts";
import type { RemoteCall } from "./remote_call.ts";

/** Those that calls of this pool listen to. */
export class KeyedInboxes {
  readonly #hear: (message: Message) => void;
  readonly #inboxes: Map<string, { readonly ready: Promise<() => void>; users: number }> = new Map();

  constructor(hear: (message: Message) => void) {
    this.#hear = hear;
  }

  /** Listens until the call has settled, and the last one with its key. */
  async listen(call: RemoteCall, engine: Engine): Promise<void> {
    const { inbox } = call.body;
    const known = this.#inboxes.get(inbox) ?? { ready: engine.listen(inbox, this.#hear), users: 0 };
    this.#inboxes.set(inbox, known);
    known.users++;
    call.whenSettled(() => {
      if (--known.users > 0) return;
      this.#inboxes.delete(inbox);
      known.ready.then((stop) => stop(), () => {});
    });
    await known.ready;
  }
}
