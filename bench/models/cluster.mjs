/** A loop for each core: node:cluster, with two processes. */

import cluster from "node:cluster";
import { listen } from "./hello.mjs";

if (cluster.isPrimary) {
  let told = false;
  for (let count = 0; count < 2; count++) {
    cluster.fork().on("listening", ({ port }) => {
      if (!told) console.log(port);
      told = true;
    });
  }
} else {
  listen();
}
