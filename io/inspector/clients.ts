/**
 * Those who look: each a stream of server-sent events, told four times a second, and nothing while its socket is full.
 *
 * ```
 *   no client ──the first comes──> watched ──every `interval`──> told
 *       ▲                             │
 *       └───────the last leaves───────┘
 * ```
 *
 * What is walked through is all that is alive: in parts of about `part` ms with turns of others in between, and so seldom that it takes at
 * most `share` of the time. With many tasks the tree is then older than the rest.
 *
 * @module
 */

import { walkTasks } from "../../scheduler/inspection/task_walk.ts";
import { loop } from "../../scheduler/queue/loop.ts";
import { within } from "../../scheduler/scopes/current_scope.ts";
import { reportUnhandled } from "../../scheduler/scopes/unhandled.ts";
import type { TaskNode } from "../../scheduler/tasks/task_node.ts";
import { checkpoint } from "../../scheduler/waits/sleep.ts";
import { figuresOfPools, figuresOfServers } from "./figures.ts";
import { Picture, type Seen } from "./picture.ts";
import type { Hello, State, View } from "./protocol.ts";
import { Watch } from "./watch.ts";

/** How often clients are told, in ms. */
const interval = 250;

/** For how long the walk may go on in one turn, in ms. */
const part = 1;

/** How much of the time the walk may take; the first few do not count, whose code is new to the host and slow. */
const share = 0.003;
const warmUps = 4;

/** The most who may look at once. */
const mostClients = 16;

/** One who looks. */
class Client {
  readonly id: number;
  view: View;
  /** Has the socket taken what it was given? */
  isReady = false;
  seen: Seen = { total: none, groups: [], groupsMore: 0, rows: [], rowsTotal: 0, cycles: [] };
  /** Has it been told of that? It is most of a state, and seldom another one. */
  hasSeen = false;
  /** The tasks of the rows that it sees. */
  tasks: ReadonlyMap<number, TaskNode> = new Map();
  readonly #controller: ReadableStreamDefaultController<Uint8Array>;

  constructor(id: number, controller: ReadableStreamDefaultController<Uint8Array>) {
    this.id = id;
    this.view = { client: id, open: [], group: null, search: "", offset: 0 };
    this.#controller = controller;
  }

  tell(event: "hello" | "state", data: Hello | Partial<State>): void {
    this.isReady = false;
    this.#controller.enqueue(encoder.encode(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`));
  }

  end(): void {
    this.#controller.close();
  }
}

const none = { queued: 0, running: 0, waiting: 0, cancelling: 0 };
const encoder = new TextEncoder();

/** What the clients of an inspector need of it. */
export interface ClientsOwner {
  readonly hello: Omit<Hello, "client">;
  /** Is what runs by this name part of the inspector itself? */
  isOwn(name: string): boolean;
}

/** The clients of an inspector. */
export class Clients {
  readonly #owner: ClientsOwner;
  readonly #clients: Map<number, Client> = new Map();
  readonly #began: number = loop().host.now();
  #lastId = 0;
  #watch: Watch | undefined = undefined;
  #timer: { cancel(): void } | undefined = undefined;
  #isWalking = false;
  #nextWalk = 0;
  /** Does somebody look at something else than when the last walk began? That is to be walked for at once. */
  #isStale = false;
  #walks = 0;

  constructor(owner: ClientsOwner) {
    this.#owner = owner;
  }

  /** Is there room for one more? */
  get isFull(): boolean {
    return this.#clients.size >= mostClients;
  }

  /** The stream of a further client. */
  open(): ReadableStream<Uint8Array> {
    const id = ++this.#lastId;
    return new ReadableStream({
      start: (controller) => {
        const client = new Client(id, controller);
        this.#clients.set(id, client);
        this.#isStale = true;
        client.tell("hello", { client: id, ...this.#owner.hello });
        this.#watch ??= this.#begin();
      },
      pull: () => {
        const client = this.#clients.get(id);
        if (client !== undefined) client.isReady = true;
      },
      cancel: () => this.#left(id),
    });
  }

  /** A client looks at something else; answers whether it is there. */
  look(view: View): boolean {
    const client = this.#clients.get(view.client);
    if (client === undefined) return false;
    client.view = view;
    this.#isStale = true;
    return true;
  }

  /** The task with that number, among those whose rows somebody sees. */
  taskOf(id: number): TaskNode | undefined {
    for (const { tasks } of this.#clients.values()) if (tasks.has(id)) return tasks.get(id);
    return undefined;
  }

  /** Ends all streams. */
  close(): void {
    for (const client of this.#clients.values()) client.end();
    for (const id of [...this.#clients.keys()]) this.#left(id);
  }

  #begin(): Watch {
    this.#arm();
    return new Watch((name) => this.#owner.isOwn(name));
  }

  #left(id: number): void {
    this.#clients.delete(id);
    if (this.#clients.size > 0) return;
    this.#timer?.cancel();
    this.#watch?.close();
    this.#watch = undefined;
  }

  #arm(): void {
    this.#timer = loop().timers.setTimer(() => this.#tick(), interval, { hold: false, real: true });
  }

  #tick(): void {
    const watch = this.#watch!;
    this.#arm();
    watch.wantPlaces();
    const ready = [...this.#clients.values()].filter(({ isReady }) => isReady);
    if (ready.length === 0) return;
    if (!this.#isWalking && (this.#isStale || loop().host.now() >= this.#nextWalk)) {
      // In nobody's flow of control: that of the first client would end with it.
      within(undefined, () => this.#walk(watch).catch(reportUnhandled), undefined);
    }
    const common = {
      at: loop().host.now() - this.#began,
      loop: watch.figures(),
      pools: figuresOfPools(),
      servers: figuresOfServers(),
    };
    for (const client of ready) {
      client.tell("state", client.hasSeen ? common : { ...common, ...client.seen });
      client.hasSeen = true;
    }
  }

  async #walk(watch: Watch): Promise<void> {
    const { host } = loop();
    this.#isWalking = true;
    this.#isStale = false;
    try {
      const clients = [...this.#clients.values()];
      const picture = new Picture(clients.map(({ view }) => view), watch);
      const steps = walkAll(picture);
      let took = 0;
      for (let since = host.now();;) {
        const { done, value } = steps.next();
        const ran = host.now() - since;
        if (!done && ran < part) continue;
        took += ran;
        if (done) {
          clients.forEach((client, index) => Object.assign(client, value[index], { hasSeen: false }));
          break;
        }
        await checkpoint();
        since = host.now();
      }
      this.#nextWalk = host.now() + (++this.#walks > warmUps ? took / share : 0);
    } finally {
      this.#isWalking = false;
    }
  }
}

function* walkAll(picture: Picture): ReturnType<Picture["seen"]> {
  yield* walkTasks(picture);
  return yield* picture.seen();
}
