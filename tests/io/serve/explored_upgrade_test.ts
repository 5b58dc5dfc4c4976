/** Clients that leave against what their requests become, in all the orders that there can be. */

import { assertEquals } from "@std/assert";
import { serve } from "../../../io/mod.ts";
import { sleep } from "../../../mod.ts";
import { Exchange } from "../../../runtime/hosts/common/exchange.ts";
import { networkOf } from "../../../runtime/host_network.ts";
import type { HttpListenOptions } from "../../../runtime/port/http.ts";
import {
  BadHandshakeError,
  type HostWebSocket,
  type Upgraded,
  type WebSocketListener,
} from "../../../runtime/port/web_socket.ts";
import { loop } from "../../../scheduler/queue/loop.ts";
import { explore, type Simulation } from "../../../testing.ts";
import { testWith } from "../../support/needs.ts";

/** A request for a WebSocket, whose host takes as long as the schedule has it. */
class FakeExchange extends Exchange {
  readonly request = new Request("http://a/", {
    headers: {
      connection: "upgrade",
      upgrade: "websocket",
      "sec-websocket-version": "13",
      "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
    },
  });
  readonly remoteAddress = undefined;
  #lost: (() => void) | undefined = undefined;
  readonly #sim: Simulation;

  constructor(sim: Simulation) {
    super();
    this.#sim = sim;
  }

  failBody(): void {}

  cut(): void {
    this.finish("cut");
    this.#lost?.();
  }

  /** The client is gone, with or without a socket. */
  leave(): void {
    this.finish("left");
    this.#lost?.();
  }

  override async upgrade(listener: WebSocketListener): Promise<Upgraded> {
    await this.#sim.io("the host is ready for sockets");
    if (this.end !== undefined) throw new BadHandshakeError();
    let isClosed = false;
    const close = (code: number): void => {
      if (isClosed) return;
      isClosed = true;
      listener.onClosed(code, "");
    };
    this.#lost = () => close(1006);
    const socket: HostWebSocket = {
      protocol: "",
      setPaused: undefined,
      send: () => undefined,
      close: (code) => void this.#sim.io("the client answers the close").then(() => close(code)),
      terminate: () => close(1006),
    };
    this.finish("sent");
    return { socket, response: new Response(null) };
  }
}

testWith(
  "async context",
  "a client that leaves against its upgrade: before, during or after it, the slot is free and nobody is told of an error",
  async () => {
    const body = async (sim: Simulation) => {
      const errors: unknown[] = [];
      const network = networkOf(loop().host);
      let handle!: HttpListenOptions["handle"];
      const listen = network.listenHttp;
      Object.assign(network, {
        listenHttp: (options: HttpListenOptions) => {
          handle = options.handle;
          return listen.call(network, options);
        },
      });
      let ran = 0;
      const server = await serve(async (_request, context) => {
        await sleep(1);
        return await context.upgrade(async (socket) => {
          ran++;
          await sim.io("the body of the socket");
          if (socket !== undefined) await sleep(1);
        });
      }, { onError: (error) => errors.push(error) });
      Object.assign(network, { listenHttp: listen });
      const exchange = new FakeExchange(sim);
      const answered = handle(exchange);
      await sim.io("the client leaves");
      exchange.leave();
      await answered;
      await server.drain({ grace: Infinity, force: Infinity });
      const { active, queued, tasks, failed, completed } = server.statistics();
      assertEquals([active, queued, tasks, failed, completed, errors], [0, 0, 0, 0, 1, []]);
      sim.sometimes(exchange.end === "left" ? "before the socket" : ran === 0 ? "before its body" : "after it began");
    };
    const { reached } = await explore(body, { maxSchedules: 400 });
    assertEquals(Object.keys(reached).filter((it) => reached[it]! > 0).sort().slice(0, 2), [
      "after it began",
      "before the socket",
    ]);
  },
);
