/**
 * The globals that reach the network of a simulation.
 *
 * @module
 */

import type { Member } from "../globals/clock.ts";
import { fetchOf } from "../globals/fetches.ts";
import { helperOf } from "../globals/helpers.ts";
import type { World } from "../loop/world.ts";
import type { SimulatedNetwork } from "../network/simulated_network.ts";
import { webSocketOf } from "../network/web_socket.ts";

/** `fetch` and `WebSocket`, where the host has them. */
export function membersOfNetwork(world: World, network: () => SimulatedNetwork): Member[] {
  const { Bun, WebSocket } = globalThis as { Bun?: object; WebSocket?: typeof globalThis.WebSocket };
  const fetch = fetchOf(world, network);
  const members: Member[] = [{ target: globalThis, name: "fetch", value: fetch }];
  if (Bun !== undefined) members.push({ target: Bun, name: "fetch", value: fetch });
  if (WebSocket === undefined) return members;
  const real = world.settings.allowRealIo
    ? helperOf(world, "WebSocket", WebSocket as unknown as () => unknown)
    : undefined;
  return [...members, { target: globalThis, name: "WebSocket", value: webSocketOf(network, real) }];
}
