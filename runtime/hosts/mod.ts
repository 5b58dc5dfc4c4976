/**
 * The hosts: every difference between runtimes lives here, and nowhere else.
 *
 * @module
 */

export { browserHost } from "./browser/browser.ts";
export { bunHost } from "./bun/bun.ts";
export { denoHost } from "./deno/deno.ts";
export { nodeHost } from "./node/node.ts";
