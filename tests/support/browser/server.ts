/**
 * The server that pages load the tests from.
 *
 * @module
 */

import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A server, at its origin. */
export interface PageServer {
  readonly origin: string;
  close(): void;
}

/**
 * Serves for each test file a page that runs it (`/page/FILE`), and the scripts; `isolated` says whether the pages are isolated from
 * other origins, which is what shared memory needs.
 */
export async function servePages(
  script: (file: string) => Promise<string | undefined>,
  isolated: boolean,
): Promise<PageServer> {
  const isolation = {
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-embedder-policy": "require-corp",
  };
  function answer(response: ServerResponse, status: number, type: string, body: string): void {
    const headers = { "content-type": `${type}; charset=utf-8`, "cache-control": "max-age=3600" };
    response.writeHead(status, isolated ? { ...headers, ...isolation } : headers).end(body);
  }
  const server: Server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://localhost");
    if (pathname.startsWith("/page/")) return answer(response, 200, "text/html", pageOf(pathname.slice(5)));
    if (!pathname.startsWith("/tests/")) return answer(response, 404, "text/plain", "There is no such file");
    script(decodeURIComponent(pathname.slice(1))).then(
      (text) =>
        text === undefined
          ? answer(response, 404, "text/plain", "There is no such file")
          : answer(response, 200, "text/javascript", text),
      (error) => answer(response, 500, "text/plain", String(error)),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.on("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

function pageOf(script: string): string {
  return `<!DOCTYPE html>
<title>${script}</title>
<link rel="icon" href="data:,">
<script type="module">
  import(${JSON.stringify(script)}).then(
    () => runTests(),
    (error) => tellHarness({ kind: "stray", error: "The file could not be loaded: " + (error?.stack ?? error) })
      .then(() => tellHarness({ kind: "done" })),
  );
</script>
`;
}
