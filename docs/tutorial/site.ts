import { sleep } from "@millrace/millrace";
import { serve, type Server, text } from "@millrace/millrace/io";

/** A small web site to check: /gone is missing, /slow never answers, every other page is there. */
export function openSite(): Promise<Server> {
  return serve(async (request) => {
    const { pathname } = new URL(request.url);
    if (pathname === "/slow") await sleep(60_000);
    return pathname === "/gone" ? text("not here", { status: 404 }) : text("hello");
  });
}
