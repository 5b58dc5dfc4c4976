/** A loop for each core: node:cluster, with two processes. */

import cluster from "node:cluster";
import { createServer } from "node:http";

if (cluster.isPrimary) {
  let told = false;
  for (let count = 0; count < 2; count++) {
    cluster.fork().on("listening", ({ port }) => {
      if (!told) console.log(port);
      told = true;
    });
  }
} else {
  createServer({ keepAliveTimeout: 600_000 }, ({ url }, response) => {
    if (url === "/work") {
      const end = performance.now() + 50;
      while (performance.now() < end);
    }
    response.writeHead(200, { "content-type": "text/plain", "content-length": 5 });
    response.end("hello");
  }).listen(0, "127.0.0.1", 4096);
}
