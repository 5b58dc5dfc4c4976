/** The host's own server. */

interface WebHost {
  Bun?: { serve(options: object): { port: number } };
  Deno?: { serve(options: object, handler: () => Response): { addr: { port: number } } };
}

/** Says hello; its port. */
export async function bareServer(): Promise<number> {
  const { Bun, Deno } = globalThis as WebHost;
  const hello = () => new Response("hello");
  if (Bun !== undefined) {
    return Bun.serve({ port: 0, hostname: "127.0.0.1", development: false, idleTimeout: 0, fetch: hello }).port;
  }
  if (Deno !== undefined) {
    const { addr } = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, hello);
    return addr.port;
  }
  const { createServer } = await import("node:http");
  const server = createServer({ keepAliveTimeout: 60_000 }, (_incoming, outgoing) => {
    outgoing.writeHead(200, { "content-type": "text/plain", "content-length": 5 });
    outgoing.end("hello");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as { port: number }).port;
}

/** What it is called. */
export function bareName(): string {
  const { Bun, Deno } = globalThis as WebHost;
  if (Bun !== undefined) return "Bun.serve";
  return Deno !== undefined ? "Deno.serve" : "node:http";
}
