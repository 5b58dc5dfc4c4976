import { group, mapChunked } from "@millrace/millrace";
import { InBrowser } from "./in_browser.jsx";

export const dynamic = "force-dynamic";

/** Uses groups and chunks where it is rendered, and everything in the browser. */
export default async function Page() {
  const squares = await group(async (g) => await g.spawn(() => mapChunked(3, (index) => index * index)));
  return (
    <main>
      <p id="squares">{squares.join(" ")}</p>
      <InBrowser />
    </main>
  );
}
