/**
 * Large bytes, in an object store that is made as it is first needed, and again where it has gone.
 *
 * @module
 */

import type { Engine } from "../engine/engine.ts";
import { loadObjectStores, type NatsObjectStore, type NatsObjectStoreOptions, plainBytes } from "./connection.ts";
import { apiCodes, type JetStreamApi, unlessMissing } from "./jetstream_api.ts";
import type { Link } from "./link.ts";
import { ConnectionLostError } from "./requests.ts";

/** The name of the store, for all pools. */
const bucket = "MILLRACE";

/** For how many ms a removal is tried. */
const removeDeadline = 30_000;

/** The objects of one connection. */
export class NatsObjects {
  readonly #link: Link;
  readonly #api: JetStreamApi;
  readonly #options: NatsObjectStoreOptions;
  #store: Promise<NatsObjectStore> | undefined;

  constructor(link: Link, api: JetStreamApi, options: NatsObjectStoreOptions) {
    this.#link = link;
    this.#api = api;
    this.#options = options;
    // A server that was away may have come back without it.
    link.stoppers.add(() => this.#store = undefined);
  }

  /** What is to be used of them. */
  get port(): Engine["objects"] {
    return {
      put: async (name, bytes) => void await this.#use((store) => store.putBlob({ name: plain(name) }, bytes)),
      get: async (name) => {
        const bytes = await this.#use((store) => store.getBlob(plain(name)));
        return bytes === null ? undefined : plainBytes(bytes);
      },
      remove: async (name) => {
        await this.#use((store) => store.delete(plain(name)));
        await this.#purge(plain(name));
      },
    };
  }

  /** What the package deletes it keeps a note of, as long as a whole object is kept. */
  async #purge(name: string): Promise<void> {
    const token = btoa(name).replaceAll("+", "-").replaceAll("/", "_");
    const filter = `$O.${bucket}.M.${token}`;
    const call = this.#api.call(`STREAM.PURGE.OBJ_${bucket}`, { filter }, { deadline: removeDeadline });
    await unlessMissing(call, [apiCodes.streamNotFound]);
  }

  /** Uses the store; what was lost with the connection, or with the store, is done once more. */
  async #use<T>(work: (store: NatsObjectStore) => Promise<T>): Promise<T> {
    for (let isRepeated = false;; isRepeated = true) {
      const { reconnects } = this.#link;
      await this.#link.whenRestored();
      try {
        return await this.#unlessLost(async () => await work(await (this.#store ??= this.#open())));
      } catch (error) {
        this.#store = undefined;
        const isPassing = !this.#link.isConnected || this.#link.reconnects > reconnects || !isRepeated;
        if (!isPassing || this.#link.isOver) throw error;
      }
    }
  }

  /** What the package asks of a server that is lost in the middle it waits for until its timeout. */
  #unlessLost<T>(work: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const lost = (): void => reject(new ConnectionLostError("The connection to the server was lost"));
      this.#link.stoppers.add(lost);
      work().then(resolve, reject).finally(() => this.#link.stoppers.delete(lost));
    });
  }

  /** Users who may not make it may open it. */
  async #open(): Promise<NatsObjectStore> {
    const stores = await loadObjectStores(this.#link.connection);
    try {
      return await stores.open(bucket);
    } catch {
      return await stores.create(bucket, this.#options);
    }
  }
}

/** A name in the characters that the package takes. */
function plain(name: string): string {
  return encodeURIComponent(name.toWellFormed());
}
