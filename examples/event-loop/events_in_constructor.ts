// An event that a constructor emits has nobody to hear it: listeners are added afterwards. Emitted by a tick it is heard, as the
// "listening" of a server is. Every host prints the same.

import { EventEmitter } from "node:events";
import { createServer } from "node:net";
import process from "node:process";

class AtOnce extends EventEmitter {
  constructor() {
    super();
    this.emit("made", "at once");
  }
}

class Later extends EventEmitter {
  constructor() {
    super();
    process.nextTick(() => this.emit("made", "later"));
  }
}

for (const emitter of [new AtOnce(), new Later()]) emitter.on("made", (when: string) => console.log(`heard: ${when}`));
console.log("listeners added");

const server = createServer().listen(0);
server.on("listening", () => {
  console.log("heard: listening");
  server.close();
});
