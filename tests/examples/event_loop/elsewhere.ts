/** The example of the poller on a system that says it is another one. */

import process from "node:process";

Object.defineProperty(process, "platform", { value: "darwin" });
await import("../../../examples/event-loop/poller/main.ts");
