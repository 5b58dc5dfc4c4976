/** The load of serve.ts: keep-alive connections, each with one request at a time. Prints microseconds a request. */

import { connect } from "node:net";
import process from "node:process";

const [port, connections, ms] = process.argv.slice(2).map(Number);
const request = "GET /hello?x=1 HTTP/1.1\r\nhost: localhost\r\naccept: */*\r\nuser-agent: load\r\n\r\n";
let done = 0;

function open() {
  const socket = connect(port, "127.0.0.1");
  socket.setNoDelay(true);
  socket.setEncoding("latin1");
  let received = "";
  socket.on("connect", () => socket.write(request));
  socket.on("data", (text) => {
    received += text;
    if (!received.endsWith("hello") && !received.endsWith("0\r\n\r\n")) return;
    received = "";
    done++;
    socket.write(request);
  });
  socket.on("error", (error) => {
    console.error(error.message);
    process.exit(1);
  });
}

for (let count = 0; count < connections; count++) open();
await new Promise((resolve) => setTimeout(resolve, ms / 4));
done = 0;
const began = performance.now();
await new Promise((resolve) => setTimeout(resolve, ms));
console.log((performance.now() - began) / done * 1000);
process.exit(0);
