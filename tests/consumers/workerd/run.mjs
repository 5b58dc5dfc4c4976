// Sends requests to the worker in workerd, with the flags that are named.
import { Miniflare } from "miniflare";

const miniflare = new Miniflare({
  modules: [{ type: "ESModule", path: "dist/main.js" }],
  modulesRoot: "dist",
  compatibilityDate: "2026-07-01",
  compatibilityFlags: process.argv.slice(2),
  durableObjects: { ROOM: "Room" },
});

async function request(path) {
  const response = await miniflare.dispatchFetch(`http://localhost${path}`);
  const text = await response.text();
  if (text !== "done") throw new Error(`${path}: ${response.status}: ${text}`);
}

try {
  // Outside of an object requests share a loop, and workerd does not let what one started wake another: docs/platforms.md.
  for (let count = 0; count < 3; count++) await request("/");
  await Promise.all(Array.from({ length: 4 }, () => request("/room")));
} finally {
  await miniflare.dispose();
}
