// Inside a callback of I/O the immediate comes first on Node, however slow it is: the phase that runs immediates is next.
// What Deno and Bun do in other phases is their choice.

import { readFile } from "node:fs";
import { fileURLToPath } from "node:url";

readFile(fileURLToPath(import.meta.url), () => {
  setTimeout(() => console.log("timeout"), 0);
  setImmediate(() => console.log("immediate"));
});
