/** A connection of Node's, with requests, faults, leaving and a drain in all the orders that there can be. */

import { assert, assertEquals } from "@std/assert";
import { badRequest, RequestGate } from "../../../../runtime/hosts/common/request_head.ts";
import type { Incoming } from "../../../../runtime/hosts/node/http_body.ts";
import { type Arrival, type ConnectionOwner, NodeConnection } from "../../../../runtime/hosts/node/http_connection.ts";
import type { Outgoing } from "../../../../runtime/hosts/node/http_outgoing.ts";
import type { NodeSocket } from "../../../../runtime/hosts/node/node_socket.ts";
import type { HttpEnd } from "../../../../runtime/port/http.ts";
import { explore, type Simulation } from "../../../../testing.ts";
import { testWith } from "../../../support/needs.ts";

/** A socket that writes down what it is told. */
class FakeSocket {
  readonly said: string[] = [];
  readonly #listeners = new Map<string, (() => void)[]>();
  writable = true;
  destroyed = false;
  readableFlowing: boolean | null = null;
  destroySoon = (): void => {};

  on(event: string, listener: () => void): void {
    this.#listeners.set(event, [...this.#listeners.get(event) ?? [], listener]);
  }

  once = this.on;
  off(): void {}
  resume(): void {}
  unshift(): void {}

  emit(event: string): void {
    for (const listener of this.#listeners.get(event) ?? []) listener();
  }

  end(text?: string): void {
    assert(this.writable, "ended twice");
    this.writable = false;
    this.said.push(text === undefined ? "end" : text.split(" ")[1]!);
  }

  destroy(): void {
    if (this.destroyed) return;
    this.destroyed = true;
    this.writable = false;
    this.emit("close");
  }
}

function incoming(path: string, complete = true): Incoming & { complete: boolean } {
  const rawHeaders = ["Host", "a"];
  const it = { method: "GET", url: path, httpVersion: "1.1", rawHeaders, complete, on() {}, resume() {}, destroy() {} };
  return it as unknown as Incoming & { complete: boolean };
}

/** What becomes of a connection whose requests take as long as the schedule has it. */
class World implements ConnectionOwner {
  readonly gate = new RequestGate("http", undefined);
  readonly socket = new FakeSocket();
  readonly connection: NodeConnection;
  readonly ends: string[] = [];
  isStopping = false;
  /** Whatever has begun and not ended. */
  readonly tasks: Promise<void>[] = [];
  #running: string | undefined = undefined;
  readonly #sim: Simulation;

  constructor(sim: Simulation) {
    this.#sim = sim;
    this.connection = new NodeConnection(this.socket as unknown as NodeSocket, this);
  }

  start(connection: NodeConnection, { incoming, url }: Arrival) {
    const path = new URL(url).pathname;
    assertEquals(this.#running, undefined, "two at once");
    assert(this.socket.writable, "begun without a client");
    this.#running = path;
    let end: HttpEnd | undefined;
    const running = {
      incoming,
      outgoing: { headersSent: false } as Outgoing,
      finish: (it: HttpEnd) => {
        if (end !== undefined) return;
        end = it;
        this.#running = undefined;
        this.ends.push(`${path} ${it}`);
      },
    };
    this.tasks.push((async () => {
      await this.#sim.io(`handler of ${path}`);
      if (end !== undefined) return;
      if (this.socket.writable) this.socket.said.push(path);
      running.finish("sent");
      connection.ended(running);
    })());
    return running;
  }

  /** Does something when the schedule comes to it. */
  later(label: string, act: () => void): void {
    this.tasks.push(this.#sim.io(label).then(act));
  }

  async over(): Promise<void> {
    for (let count = -1; count !== this.tasks.length;) {
      count = this.tasks.length;
      await Promise.all(this.tasks);
    }
    // Its timer would go on.
    this.socket.destroy();
  }
}

testWith(
  "Node's modules",
  "requests run one at a time and are answered in their order, whenever the next comes, and a client that leaves ends them all",
  async () => {
    const body = async (sim: Simulation) => {
      const world = new World(sim);
      const { connection, socket } = world;
      const come = async () => {
        for (const path of ["/1", "/2", "/3"]) {
          await sim.io(`${path} comes`);
          if (!socket.destroyed) connection.take(incoming(path), {} as Outgoing, false, undefined);
        }
      };
      world.tasks.push(come());
      world.later("the client leaves", () => socket.destroy());
      await world.over();
      assert(connection.isIdle, "a request is left");
      assertEquals(socket.said, ["/1", "/2", "/3"].slice(0, socket.said.length));
      const sent = world.ends.filter((it) => it.endsWith("sent"));
      assertEquals(sent, socket.said.map((path) => `${path} sent`));
      assert(world.ends.length <= sent.length + 1, "more than one had begun");
      sim.sometimes(`${sent.length} answered`);
      sim.sometimes(world.ends.length > sent.length ? "left under way" : "left idle");
    };
    const { reached } = await explore(body, { maxSchedules: 1000 });
    for (const what of ["0 answered", "1 answered", "2 answered", "3 answered", "left under way", "left idle"]) {
      assert(reached[what]! > 0, `never ${what}`);
    }
  },
);

testWith(
  "Node's modules",
  "bytes that are no request wait for the answers to those before them, and nothing behind them is run",
  async () => {
    const body = async (sim: Simulation) => {
      const world = new World(sim);
      const { connection, socket } = world;
      const come = async () => {
        connection.take(incoming("/1"), {} as Outgoing, false, undefined);
        await sim.io("/2 comes");
        connection.take(incoming("/2"), {} as Outgoing, false, undefined);
        await sim.io("no request comes");
        connection.fail(badRequest, false);
        connection.fail(badRequest, false);
        await sim.io("/3 comes");
        connection.take(incoming("/3"), {} as Outgoing, false, undefined);
      };
      world.tasks.push(come());
      world.later("the server stops", () => {
        world.isStopping = true;
        connection.stop();
      });
      await world.over();
      assert(connection.isIdle);
      const { said } = socket;
      // A drain closes a connection that is idle, before what comes after.
      assert(["/1,/2,400", "/1,end", "/1,/2,end"].includes(said.join()), said.join());
      assertEquals(world.ends, said.slice(0, -1).map((path) => `${path} sent`));
      sim.sometimes(said.join());
    };
    const { reached } = await explore(body, { maxSchedules: 1000 });
    for (const what of ["/1,/2,400", "/1,end", "/1,/2,end"]) assert(reached[what]! > 0, `never ${what}`);
  },
);

testWith(
  "Node's modules",
  "a body that breaks against the answer to its request: it is answered, or refused, and never both",
  async () => {
    const body = async (sim: Simulation) => {
      const world = new World(sim);
      const { connection, socket } = world;
      const broken = incoming("/body", false);
      connection.take(incoming("/1"), {} as Outgoing, false, undefined);
      world.later("a body comes", () => {
        connection.take(broken, {} as Outgoing, false, undefined);
        world.later("it breaks", () => connection.fail(badRequest, false));
      });
      await world.over();
      assert(connection.isIdle);
      const said = socket.said.join();
      assert(["/1,400", "/1,/body,end"].includes(said), said);
      assertEquals(world.ends.filter((it) => it.startsWith("/1")), ["/1 sent"]);
      sim.sometimes(`${said} ${world.ends.join()}`);
    };
    const { reached } = await explore(body, { maxSchedules: 1000 });
    assertEquals(Object.keys(reached).sort(), [
      "/1,/body,end /1 sent,/body sent",
      "/1,400 /1 sent",
      "/1,400 /1 sent,/body left",
    ]);
  },
);

testWith(
  "Node's modules",
  "a thousand requests that wait are the most: the connection ends when they are answered",
  async () => {
    const body = async (sim: Simulation) => {
      const world = new World(sim);
      const { connection, socket } = world;
      for (let count = 0; count < 1050; count++) {
        connection.take(incoming(`/${count}`), {} as Outgoing, false, undefined);
      }
      await world.over();
      assertEquals([socket.said.length, socket.said.at(-1)], [1002, "end"]);
    };
    await explore(body, { maxSchedules: 1 });
  },
);
