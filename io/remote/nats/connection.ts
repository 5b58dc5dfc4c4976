/**
 * What is used of a connection to NATS, and how one is opened. The packages of NATS are optional peers: they are loaded when somebody
 * asks for them, and their types are not needed to use this.
 *
 * @module
 */

/** The headers of a message, as the packages of NATS have them. */
export interface NatsHeaders {
  /** The status that the server answers with; 0 in an ordinary message. */
  readonly code: number;
  readonly description: string;
  keys(): string[];
  get(name: string): string;
  set(name: string, value: string): void;
}

/** A message, as the packages of NATS have it. */
export interface NatsMessage {
  readonly subject: string;
  readonly reply?: string;
  readonly data: Uint8Array;
  readonly headers?: NatsHeaders;
}

/** Somebody who listens to a subject. */
export interface NatsSubscription {
  /** Ends that at once. */
  unsubscribe(): void;
  /** Ends that when what is on its way has come. */
  drain(): Promise<void>;
}

/**
 * A connection to NATS that may be handed in: what `connect` of `@nats-io/transport-node` or `wsconnect` of `@nats-io/nats-core` gives.
 *
 * @example
 * ```ts
 * import process from "node:process";
 * import { connect } from "@nats-io/transport-node";
 * import { RemotePool } from "@millrace/millrace/remote";
 *
 * const connection = await connect({ servers: process.env["NATS_URL"]!, maxReconnectAttempts: -1 });
 * const pool = new RemotePool({ queue: "handed-in", connection });
 * console.log((await pool.deadLetters()).length); // -> 0
 * await pool.close();
 * await connection.close(); // the pool leaves it open
 * ```
 */
export interface NatsConnection {
  /** What the server has told of itself: the most bytes of a message. */
  readonly info?: { readonly max_payload: number };
  /** Sends a message. */
  publish(subject: string, payload?: Uint8Array | string, options?: { reply?: string; headers?: never }): void;
  /** Listens to a subject; of those of one `queue` one gets each message. */
  subscribe(
    subject: string,
    options?: { queue?: string; callback?: (error: Error | null, message: never) => void },
  ): NatsSubscription;
  /** Resolves when the server has what was sent. */
  flush(): Promise<void>;
  /** Closes the connection when what is on its way has come. */
  drain(): Promise<void>;
  /** Closes the connection. */
  close(): Promise<void>;
  /** Resolves when it is closed. */
  closed(): Promise<void | Error>;
  /** Is it closed? */
  isClosed(): boolean;
  /** What becomes of it: "disconnect", "reconnect", "error" and others. */
  status(): AsyncIterable<{ readonly type: string; readonly error?: unknown }>;
}

/** Where the servers are, and who asks. */
export interface NatsConnectOptions {
  /** Such as `"nats://10.0.0.1:4222"`; several are members of one cluster. Default: none, and an engine in this process. */
  readonly servers?: string | readonly string[];
  /** Whom to trust, and as whom: texts in PEM. With it a connection without TLS is refused. Default: TLS where the server asks for it. */
  readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string };
  /** The name of a user of the server. Default: none. */
  readonly user?: string;
  /** Its password. Default: none. */
  readonly pass?: string;
  /** What a server asks for that has a token in the place of users. Default: none. */
  readonly token?: string;
  /** How the server's lists name this connection. Default: none. */
  readonly name?: string;
  /** What the subjects of answers begin with, where users may hear only their own. Default: `"_INBOX"`. */
  readonly inboxPrefix?: string;
  /** For how many ms the first server is waited for. Default: 5000. */
  readonly connectTimeout?: number;
}

/** What is used of `@nats-io/nats-core`. */
interface Core {
  headers(): NatsHeaders;
}

/** The same bytes in the standard's class: on Node the client gives Buffers, whose methods are others. */
export function plainBytes(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The packages, as an error tells to install them. */
const install = "npm install @nats-io/transport-node@3 @nats-io/nats-core@3 @nats-io/obj@3";

/**
 * What becomes of a package that is not there. It is a `catch` at each import so that bundlers let it be absent; webpack does not, and is
 * told to leave the import to whoever runs what it makes.
 */
function missing(name: string): (cause: unknown) => never {
  return (cause) => {
    throw new Error(`A remote pool over NATS needs the package ${name}, which cannot be loaded: ${install}`, { cause });
  };
}

/** What makes headers. */
export async function loadHeaders(): Promise<() => NatsHeaders> {
  const core: Core = await import(/* webpackIgnore: true */ "@nats-io/nats-core").catch(missing("@nats-io/nats-core"));
  return () => core.headers();
}

/** An object store, as far as it is used. */
export interface NatsObjectStore {
  putBlob(meta: { name: string }, data: Uint8Array): Promise<unknown>;
  getBlob(name: string): Promise<Uint8Array | null>;
  delete(name: string): Promise<unknown>;
}

/** How an object store is made. */
export interface NatsObjectStoreOptions {
  readonly storage: "file" | "memory";
  readonly replicas: number;
  /** For how long an object is kept, in ns. */
  readonly ttl: number;
}

/** What opens object stores on a connection. */
interface ObjectStores {
  create(name: string, options: NatsObjectStoreOptions): Promise<NatsObjectStore>;
  open(name: string): Promise<NatsObjectStore>;
}

/** What opens object stores. */
export async function loadObjectStores(connection: NatsConnection): Promise<ObjectStores> {
  const { Objm } = await import(/* webpackIgnore: true */ "@nats-io/obj").catch(missing("@nats-io/obj")) as unknown as {
    Objm: new (connection: NatsConnection) => ObjectStores;
  };
  return new Objm(connection);
}

/** Connects; rejects where the first server is not there, or does not want to know us. Later it is looked for without end. */
export async function connectToNats(options: NatsConnectOptions): Promise<NatsConnection> {
  const { servers = "nats://127.0.0.1:4222", tls, user, pass, token, name, inboxPrefix } = options;
  const { connect } = await import(/* webpackIgnore: true */ "@nats-io/transport-node").catch(
    missing("@nats-io/transport-node"),
  ) as unknown as {
    connect(options: object): Promise<NatsConnection>;
  };
  const given = { tls, user, pass, token, name, inboxPrefix };
  const present = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  return await connect({
    ...present,
    servers: typeof servers === "string" ? servers : [...servers],
    timeout: options.connectTimeout ?? 5000,
    // By default the client gives up after ten tries, in the middle of a restart that takes long.
    maxReconnectAttempts: -1,
    reconnectTimeWait: 250,
    reconnectJitter: 100,
    reconnectJitterTLS: 100,
  });
}
