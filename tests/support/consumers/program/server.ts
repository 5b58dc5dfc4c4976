/**
 * What consumers on servers run besides: the testing kit, and a request to a server.
 *
 * @module
 */

import { group, sleep } from "@millrace/millrace";
import { serve } from "@millrace/millrace/io";
import { check, feature, type Lack, type Settings, useLibrary } from "./program.ts";
import { useTesting } from "./kit.ts";
import { useRemote } from "./remote.ts";

/** Uses every entry point; rejects when something does not do what it should. */
export async function useAll(settings: Settings): Promise<void> {
  await useLibrary(settings);
  await useTesting();
  await useServer();
  await useRemote(settings.worker);
}

/** Uses a server, where the host can have one. */
export async function useServer(lack?: Lack): Promise<void> {
  await feature("serve", requestIsAnswered, lack);
}

async function requestIsAnswered(): Promise<void> {
  const server = await serve(async (request) => {
    const parts = await group(async (g) => {
      const name = g.spawn(async () => {
        await sleep(1);
        return new URL(request.url).pathname;
      });
      return ["hello", await name];
    });
    return new Response(parts.join(" "));
  }, { hostname: "127.0.0.1", port: 0 });
  const response = await fetch(new URL("/here", server.url));
  const body = await response.text();
  check("the request is answered", response.status === 200 && body === "hello /here", body);
  await server.drain();
}
