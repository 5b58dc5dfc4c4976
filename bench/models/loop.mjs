/** One loop: node:http. What computes keeps all others waiting. */

import { listen } from "./hello.mjs";

listen(console.log);
