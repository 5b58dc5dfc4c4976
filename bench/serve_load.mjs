/**
 * The load of the benches of serve: keep-alive connections, each with one request at a time. Prints microseconds a request, or with
 * "p99" the 99th percentile of the latency in microseconds, then how many were answered in all. `post` is the size of a JSON body to send.
 */

import { connect } from "node:net";
import process from "node:process";

const [port, connections, ms, post] = process.argv.slice(2, 6).map(Number);
const wants = process.argv[6];
const body = post > 0 ? JSON.stringify("x".repeat(post - 2)) : "";
const request = post > 0
  ? `POST /hello?x=1 HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${post}\r\n\r\n${body}`
  : "GET /hello?x=1 HTTP/1.1\r\nhost: localhost\r\naccept: */*\r\nuser-agent: load\r\n\r\n";
let done = 0;
let all = 0;
let latencies = [];

function open() {
  const socket = connect(port, "127.0.0.1");
  socket.setNoDelay(true);
  socket.setEncoding("latin1");
  let received = "";
  let sent = 0;
  function send() {
    received = "";
    sent = performance.now();
    socket.write(request);
  }
  socket.on("connect", send);
  socket.on("data", (text) => {
    received += text;
    if (!isWhole(received)) return;
    done++;
    all++;
    latencies.push(performance.now() - sent);
    send();
  });
  socket.on("error", (error) => {
    console.error(error.message);
    process.exit(1);
  });
}

/** Is it a whole answer? */
function isWhole(text) {
  const head = text.indexOf("\r\n\r\n");
  if (head < 0) return false;
  const length = /content-length: (\d+)/i.exec(text);
  return length === null ? text.endsWith("0\r\n\r\n") : text.length >= head + 4 + Number(length[1]);
}

for (let count = 0; count < connections; count++) open();
await new Promise((resolve) => setTimeout(resolve, ms / 4));
done = 0;
latencies = [];
const began = performance.now();
await new Promise((resolve) => setTimeout(resolve, ms));
latencies.sort((a, b) => a - b);
const p99 = latencies[Math.floor(latencies.length * 0.99)];
console.log(`${wants === "p99" ? p99 * 1000 : (performance.now() - began) / done * 1000} ${all}`);
process.exit(0);
