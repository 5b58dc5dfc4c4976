/** A program that ends when its server is asked for something; what its inspector does is not to keep it. */

import { inspector, serve } from "../../../../io/mod.ts";

const page = await inspector({ print: false });
const server = await serve(() => {
  void server.drain();
  return new Response("ends");
});
console.log(`${page.url} ${server.url}`);
