/** A caller in a real page, over the WebSocket of a nats-server. */

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { assertEquals } from "@std/assert";
import { build } from "esbuild";
import { chromium } from "playwright-core";
import { serve, text } from "../../../../io/mod.ts";
import { serveTasks } from "../../../../remote.ts";
import { chromiumPath } from "../../../support/chromium.ts";
import { root } from "../../../support/hosts.ts";
import { withNats } from "../../../support/nats.ts";
import { withinTest } from "../../../support/within.ts";

/** What runs in the page. */
const program = `
  import { wsconnect } from "@nats-io/nats-core";
  import { RemotePool } from "./remote.ts";

  globalThis.calls = async (servers) => {
    const connection = await wsconnect({ servers, maxReconnectAttempts: -1 });
    const pool = new RemotePool({ connection, queue: "pages" });
    const seen = [await pool.run("add", [1, 2])];
    for await (const value of pool.stream("countTo", [3])) seen.push(value);
    const controller = new AbortController();
    const { signal } = controller;
    const onProgress = () => controller.abort();
    seen.push(await pool.run("spinUntilCancelled", [], { signal, onProgress }).catch(({ name }) => name));
    await pool.close();
    await connection.close();
    return seen;
  };
`;

/** As the guide says: without the packages that a page has no use for. */
async function bundle(): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: program, resolveDir: root },
    ...{ bundle: true, write: false, format: "esm", logLevel: "silent" },
    external: ["@nats-io/transport-node", "@nats-io/obj"],
  });
  return outputFiles[0]!.text;
}

test("a page calls, reads a stream and cancels, by a connection that it hands in", () =>
  withinTest(withNats(async (server) => {
    const code = await bundle();
    const ports = readdirSync(server.folder).find((name) => name.endsWith(".ports"))!;
    const { websocket } = JSON.parse(readFileSync(join(server.folder, ports), "utf8"));
    const web = await serve(() => text(""));
    const tasks = await serveTasks(new URL("../remote_tasks.ts", import.meta.url), {
      ...{ servers: server.url, queue: "pages", size: 1 },
    });
    // Root has no sandbox. Memory in /dev/shm is scarce in containers.
    const args = ["--no-sandbox", "--disable-dev-shm-usage"];
    const browser = await chromium.launch({ executablePath: chromiumPath(), args });
    try {
      const page = await browser.newPage();
      await page.goto(web.url.toString());
      await page.addScriptTag({ content: code, type: "module" });
      await page.waitForFunction(() => "calls" in globalThis);
      const url = new URL(websocket[0]);
      url.hostname = "127.0.0.1";
      const seen = await page.evaluate(
        (servers) => (globalThis as unknown as { calls(servers: string): Promise<unknown[]> }).calls(servers),
        url.href,
      );
      assertEquals(seen, [3, 1, 2, 3, "AbortError"]);
    } finally {
      await browser.close();
      await Promise.all([tasks.drain(), web.drain()]);
    }
  }, (folder) => {
    const file = join(folder, "nats.conf");
    const store = JSON.stringify(join(folder, "store"));
    writeFileSync(file, `websocket { host: "127.0.0.1", port: -1, no_tls: true }\njetstream { store_dir: ${store} }\n`);
    return { file, env: {} };
  })));
