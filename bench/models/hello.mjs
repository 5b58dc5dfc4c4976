/** What the servers on node:http answer: hello, after 50 ms of work where that is asked for. */

import { createServer } from "node:http";

/** Listens; the port is the server's. */
export function listen(onListening) {
  const server = createServer({ keepAliveTimeout: 600_000 }, ({ url }, response) => {
    if (url === "/work") {
      const end = performance.now() + 50;
      while (performance.now() < end);
    }
    response.writeHead(200, { "content-type": "text/plain", "content-length": 5 });
    response.end("hello");
  });
  server.listen(0, "127.0.0.1", 4096, () => onListening?.(server.address().port));
}
