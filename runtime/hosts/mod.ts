/**
 * The hosts: every difference between runtimes lives here, and nowhere else.
 *
 * @module
 */

export { browserHost } from "./browser/browser.ts";
export { browserNetwork } from "./browser/network.ts";
export { browserThreads } from "./browser/threads.ts";
export { bunHost } from "./bun/bun.ts";
export { bunNetwork } from "./bun/network.ts";
export { bunThreads } from "./bun/threads.ts";
export { runtimeName } from "./common/runtime_name.ts";
export { denoHost } from "./deno/deno.ts";
export { denoNetwork } from "./deno/network.ts";
export { denoThreads } from "./deno/threads.ts";
export { nodeHost } from "./node/node.ts";
export { nodeNetwork } from "./node/network.ts";
export { nodeThreads } from "./node/threads.ts";
