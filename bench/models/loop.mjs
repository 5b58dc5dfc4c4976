/** One loop: node:http. What computes keeps all others waiting. */

import { createServer } from "node:http";

const server = createServer({ keepAliveTimeout: 600_000 }, ({ url }, response) => {
  if (url === "/work") {
    const end = performance.now() + 50;
    while (performance.now() < end);
  }
  response.writeHead(200, { "content-type": "text/plain", "content-length": 5 });
  response.end("hello");
});
server.listen(0, "127.0.0.1", 4096, () => console.log(server.address().port));
