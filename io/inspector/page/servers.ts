/**
 * The servers with their live requests.
 *
 * @module
 */

import type { RequestRow, ServerFigures } from "../protocol.ts";
import { button, cell, element, put, say, show, table, tableRow } from "./dom.ts";
import { count, duration } from "./format.ts";
import { byIndex, KeyedList, type Line } from "./keyed_list.ts";
import { StatLine } from "./stat_line.ts";

/** What the servers ask for. */
export interface ServerActions {
  readonly control: () => boolean;
  readonly onDrain: (server: ServerFigures) => void;
}

/** The servers in their place. */
export class Servers {
  readonly #list: KeyedList<number, ServerFigures>;
  readonly #empty: HTMLElement;

  constructor(parent: HTMLElement, actions: ServerActions) {
    const list = element("div", "entries");
    this.#empty = element("p", "empty", "This program has no server.");
    parent.append(list, this.#empty);
    this.#list = new KeyedList(list, () => new ServerEntry(actions), () => parent.focus());
  }

  /** Makes all again: what may be done with them has changed. */
  clear(): void {
    this.#list.clear();
  }

  show(servers: readonly ServerFigures[]): void {
    this.#list.show(servers, ({ id }) => id);
    show(this.#empty, servers.length === 0);
  }
}

class ServerEntry implements Line<ServerFigures> {
  readonly node: HTMLElement = element("article", "entry");
  readonly #url = new Text();
  readonly #ready = new Text();
  readonly #badge = element("span", "badge", this.#ready);
  readonly #stats = new StatLine();
  readonly #caption: Text;
  readonly #table: HTMLElement;
  readonly #requests: KeyedList<number, RequestRow>;
  readonly #drain: HTMLButtonElement | undefined;
  #server: ServerFigures | undefined;

  constructor(actions: ServerActions) {
    const made = table("plain", "", ["Request", "State", "Age", "Tasks"], 2);
    this.#caption = made.caption;
    this.#table = element("div", "scroller", made.table);
    this.#requests = new KeyedList(made.body, () => new RequestLine());
    const head = element("header", "", element("h3", "name", this.#url), this.#badge);
    if (actions.control()) {
      this.#drain = button("Drain", "small", () => {
        if (this.#server?.ready === true) actions.onDrain(this.#server);
      });
      head.append(this.#drain);
    }
    this.node.append(head, this.#stats.node, this.#table);
  }

  show(server: ServerFigures): void {
    this.#server = server;
    say(this.#url, server.url);
    say(this.#ready, server.ready ? "ready" : "draining");
    put(this.#badge, "class", `badge ${server.ready ? "ready" : "draining"}`);
    say(this.#caption, `Live requests of ${server.url}, oldest first`);
    if (this.#drain !== undefined) {
      put(this.#drain, "aria-label", `Drain ${server.url}`);
      put(this.#drain, "aria-disabled", String(!server.ready));
    }
    this.#stats.show([
      ["active", server.active, ""],
      ["queued", server.queued, server.queued > 0 ? "warm" : ""],
      ["completed", server.completed, ""],
      ["shed", server.shed, server.shed > 0 ? "bad" : ""],
      ["rejected", server.rejected, server.rejected > 0 ? "warm" : ""],
      ["timed out", server.timedOut, server.timedOut > 0 ? "warm" : ""],
      ["failed", server.failed, server.failed > 0 ? "bad" : ""],
    ]);
    this.#requests.show(server.requests, byIndex);
    show(this.#table, server.requests.length > 0);
  }
}

class RequestLine implements Line<RequestRow> {
  readonly #name = new Text();
  readonly #state = new Text();
  readonly #age = new Text();
  readonly #tasks = new Text();
  readonly #nameCell = cell("name", this.#name);
  readonly #badge = element("span", "badge", this.#state);
  readonly node: HTMLElement = tableRow(
    "",
    this.#nameCell,
    cell("", this.#badge),
    cell("figure", this.#age),
    cell("figure", this.#tasks),
  );

  show(request: RequestRow): void {
    say(this.#name, request.name);
    put(this.#nameCell, "title", request.name);
    say(this.#state, request.state);
    put(this.#badge, "class", `badge ${request.state}`);
    say(this.#age, duration(request.age));
    say(this.#tasks, count(request.tasks));
  }
}
