import { json, serve, type Server, text } from "@millrace/millrace/io";
import { checkLinks, type Verdict } from "./check.ts";

export interface Parts {
  findLinks(page: string): Promise<string[]>;
  check(url: string): Promise<Verdict>;
  hostname?: string;
  port?: number;
}

/** Answers POST /check: the links of the page in the body that are dead. */
export function startServer({ findLinks, check, hostname = "127.0.0.1", port = 0 }: Parts): Promise<Server> {
  return serve(async (request) => {
    const { pathname } = new URL(request.url);
    if (pathname === "/ready") return text("yes");
    if (pathname !== "/check" || request.method !== "POST") return text("POST a page to /check", { status: 404 });
    const links = (await findLinks(await request.text())).slice(0, 200);
    const verdicts = await checkLinks(links, check);
    return json({ checked: links.length, dead: verdicts.filter(({ ok }) => !ok) });
  }, {
    hostname,
    port,
    timeout: 30_000, // ms until the answer begins; then 504
    maxConcurrent: 50, // requests that run at once
    queueLimit: 100, // requests that wait for their turn; the next one gets 503
    bodyLimit: 1_000_000, // bytes of a page; more is 413
    drain: { grace: 10_000 }, // ms that running requests have when the server ends
  });
}
