// Sends requests to the worker in workerd, with the flags that are named, one after the other.
import { Miniflare } from "miniflare";

const miniflare = new Miniflare({
  modules: [{ type: "ESModule", path: "dist/main.js" }],
  modulesRoot: "dist",
  compatibilityDate: "2026-07-01",
  compatibilityFlags: process.argv.slice(2),
});
try {
  // Requests at once share a loop, and workerd does not let one request's timers wake another: docs/platforms.md.
  for (let count = 0; count < 3; count++) {
    const response = await miniflare.dispatchFetch("http://localhost/");
    const text = await response.text();
    if (text !== "done") throw new Error(`${response.status}: ${text}`);
  }
} finally {
  await miniflare.dispose();
}
