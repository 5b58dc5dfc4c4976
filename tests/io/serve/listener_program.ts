/** A server of whose requests' signals a listener throws. */

import process from "node:process";
import { sleep } from "../../../mod.ts";
import { serve } from "../../../io/mod.ts";

process.on("uncaughtException", (error) => console.log(`uncaught: ${(error as Error).message}`));

const server = await serve(async (request, context) => {
  if (request.url.endsWith("/hello")) return new Response("hello");
  context.signal.addEventListener("abort", () => {
    throw new Error("thrown by a listener");
  });
  context.signal.addEventListener("abort", () => console.log("the next listener is told"));
  context.defer(({ status }) => console.log(`the request is ${status}`));
  console.log("waiting");
  await sleep(1e6);
  return new Response("never");
});
console.log(`port ${server.port}`);
