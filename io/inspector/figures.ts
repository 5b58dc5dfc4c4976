/**
 * The figures of pools and servers.
 *
 * @module
 */

import { livePools, workersOf } from "../../scheduler/workers/pool/live_pools.ts";
import { liveServers } from "../serve/live_servers.ts";
import type { Server } from "../serve/mod.ts";
import { Numbering } from "./numbering.ts";
import type { PoolFigures, ServerFigures } from "./protocol.ts";

/** The most requests of a server that are told. */
const mostRequests = 50;

/** The numbers of servers, given out when they are first seen. */
const ids = new Numbering<Server>();

/** The pools that are open. */
export function figuresOfPools(): PoolFigures[] {
  return livePools().map((pool) => {
    const { name, size, jobs } = pool;
    const { running, meter, crew } = jobs;
    return {
      name,
      size,
      queued: Math.max(0, meter.live - running),
      running,
      completed: meter.completed,
      failed: meter.failed,
      runaway: crew.runaway,
      workers: workersOf(pool).map(({ number, state, call, calls, served }) => ({
        name: `worker ${number}`,
        state,
        call: call?.label ?? null,
        since: call?.age ?? null,
        calls,
        served,
      })),
    };
  });
}

/** The servers that are open. */
export function figuresOfServers(): ServerFigures[] {
  return liveServers<Server>().map(({ server, requests }) => {
    const { active, queued, completed, rejected, shed, timedOut, failed } = server.statistics();
    return {
      id: ids.of(server),
      url: String(server.url),
      ready: server.ready,
      active,
      queued,
      completed,
      rejected,
      shed,
      timedOut,
      failed,
      requests: requests(mostRequests),
    };
  });
}

/** The open server with that number. */
export function serverOf(id: number): Server | undefined {
  return liveServers<Server>().find(({ server }) => ids.of(server) === id)?.server;
}
