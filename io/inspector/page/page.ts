/**
 * The live page: a picture of the program as it is, four times a second.
 *
 * A state is shown in the next frame, and only the last one that has come: a page that is hidden does nothing.
 *
 * @module
 */

import { type Hello, longestSearch, type ServerFigures, type State, type TaskRow } from "../protocol.ts";
import { Totals } from "./counts.ts";
import { Cycles } from "./cycles.ts";
import { byId, put, say, show } from "./dom.ts";
import { duration } from "./format.ts";
import { command, Link, type LinkState, ViewSender } from "./link.ts";
import { Looking } from "./looking.ts";
import { LongTurns, LoopCharts } from "./loop.ts";
import { announce, confirmed, notify } from "./notices.ts";
import { Pools } from "./pools.ts";
import { startRecorder } from "./recorder.ts";
import { Servers } from "./servers.ts";
import { TaskList } from "./tasks.ts";
import { Tree } from "./tree.ts";

/** For how many ms after a key the search waits for another one. */
const searchPause = 150;

/** So many groups at the top, or fewer, are unfolded at first. */
const fewGroups = 12;

const looking = new Looking();
const sender = new ViewSender();
let hello: Hello | undefined;
let latest: State | undefined;
let isFirst = true;
let isDue = false;
let isPaused = false;

const search = byId("search", HTMLInputElement);
const scroller = byId("task-scroller", HTMLElement);
const pauseButton = byId("pause", HTMLButtonElement);
const previous = byId("previous", HTMLButtonElement);
const next = byId("next", HTMLButtonElement);
const groupText = byId("task-group", HTMLElement).appendChild(new Text());
const control = (): boolean => hello?.control === true;

const totals = new Totals(byId("totals", HTMLElement));
const cycles = new Cycles(byId("cycles", HTMLElement), byId("cycle-list", HTMLElement), announce);
const charts = new LoopCharts(byId("charts", HTMLElement));
const longTurns = new LongTurns(byId("long-turns", HTMLElement));
const pools = new Pools(byId("pools", HTMLElement));
const servers = new Servers(byId("servers", HTMLElement), { control, onDrain: drain });
const tree = new Tree(byId("tree", HTMLElement), byId("tree-more", HTMLElement), {
  open: () => looking.open,
  chosen: () => looking.group,
  onChoose(group) {
    looking.choose(group);
    viewChanged();
  },
  onFold(group, isOpen) {
    looking.fold(group, isOpen, tree.shown);
    viewChanged();
  },
});
const places = { body: byId("task-rows", HTMLElement), scroller, empty: byId("task-empty", HTMLElement) };
const list = new TaskList({ ...places, range: byId("range", HTMLElement), previous, next }, {
  control,
  onFind: find,
  onCancel: cancel,
  async onPriority({ id, name }, priority) {
    const why = await command({ do: "priority", task: id, priority });
    if (why === undefined) announce(`${name} now has the priority ${priority}`);
    else notify(`The priority of ${name} is as it was. ${why}.`, true);
    return why === undefined;
  },
});

/** Sends what is looked at now. What is paused goes on: else the page would not show what was chosen. */
function viewChanged(): void {
  setPaused(false);
  if (hello !== undefined) sender.send(looking.view(hello.client));
}

function turnPage(button: HTMLButtonElement, pages: number): void {
  if (button.getAttribute("aria-disabled") === "true") return;
  looking.turn(pages);
  scroller.scrollTop = 0;
  viewChanged();
}

/** Lists the tasks with this in their names, of all groups. */
function find(name: string): void {
  search.value = name;
  looking.choose(null);
  looking.find(name);
  viewChanged();
}

async function cancel({ id, name }: TaskRow): Promise<void> {
  const title = "Cancel this task?";
  const text = `${name} and all that runs inside it will be asked to end. This cannot be taken back.`;
  if (!await confirmed({ title, text, yes: "Cancel the task" })) return;
  const why = await command({ do: "cancel", task: id });
  notify(why === undefined ? `${name} was asked to end` : `${name} was not cancelled. ${why}.`, why !== undefined);
}

async function drain({ id, url }: ServerFigures): Promise<void> {
  const title = "Drain this server?";
  const text =
    `${url} will take no more requests, and end when those that are live have ended. This cannot be taken back.`;
  if (!await confirmed({ title, text, yes: "Drain the server" })) return;
  const why = await command({ do: "drain", server: id });
  notify(why === undefined ? `${url} drains` : `${url} does not drain. ${why}.`, why !== undefined);
}

function setPaused(paused: boolean): void {
  isPaused = paused;
  put(pauseButton, "aria-pressed", String(paused));
  if (!paused) due();
}

function due(): void {
  if (isDue || latest === undefined) return;
  isDue = true;
  requestAnimationFrame(() => {
    isDue = false;
    if (isPaused || latest === undefined) return;
    apply(latest);
    // To draw them takes as long as all else: they have a frame of their own.
    requestAnimationFrame(() => charts.show());
  });
}

function apply(state: State): void {
  if (isFirst) unfoldFew(state);
  if (looking.fit(state.rowsTotal)) viewChanged();
  totals.show(state.total);
  cycles.show(state.cycles);
  longTurns.show(state.loop.longTurns);
  tree.show(state);
  list.show(state, looking.offset, emptyText());
  pools.show(state.pools);
  servers.show(state.servers);
  const group = looking.group === null ? undefined : tree.nameOf(looking.group) ?? "a group that does not show";
  say(groupText, group === undefined ? "of all groups" : `of ${group}`);
  const title = `${state.cycles.length > 0 ? "Deadlock: " : ""}${hello?.program ?? "Millrace"}`;
  if (document.title !== title) document.title = title;
}

/** Where the first state with any has few groups, they are unfolded: there is room. */
function unfoldFew({ groups }: State): void {
  if (groups.length === 0) return;
  isFirst = false;
  const inside = groups.filter(({ hasGroups }) => hasGroups);
  if (groups.length > fewGroups || inside.length === 0) return;
  for (const { id } of inside) looking.fold(id, true, new Set());
  viewChanged();
}

function emptyText(): string {
  if (looking.search !== "") return `No task here has “${looking.search}” in its name.`;
  return looking.group === null ? "There are no tasks." : "This group has no tasks, or has ended.";
}

function onHello(said: Hello): void {
  if (hello?.control !== said.control) {
    list.clear();
    servers.clear();
  }
  hello = said;
  document.documentElement.classList.toggle("may-control", said.control);
  byId("program", HTMLElement).textContent = said.program;
  byId("host", HTMLElement).textContent = said.host;
  sender.send(looking.view(said.client));
}

let heardAt = "";

function onLink(link: LinkState, silentFor: number): void {
  const pill = byId("link", HTMLElement);
  const gone = byId("gone", HTMLElement);
  const was = pill.dataset["state"];
  put(pill, "data-state", link);
  const words = { connecting: "connecting", live: "live", silent: `silent for ${duration(silentFor)}`, gone: "gone" };
  pill.textContent = words[link];
  show(gone, link === "gone");
  document.documentElement.classList.toggle("is-stale", link === "gone");
  if (link === was) return;
  if (link === "gone") {
    const since = heardAt === "" ? "" : ` What you see is from ${heardAt}.`;
    gone.textContent =
      `The program is gone, or no longer shows itself here.${since} The page goes on by itself when it is back.`;
    announce("The connection to the program is lost");
  } else if (link === "silent") {
    announce("The program is silent: something keeps its loop busy, or it was stopped");
  } else if (was === "gone" || was === "silent") announce("The program is there again");
}

const link = new Link({
  onHello,
  onState(state) {
    // Time goes back where another run of the program has come to this address: its groups have other ids.
    if (latest !== undefined && state.at < latest.at) {
      looking.reset();
      isFirst = true;
      viewChanged();
    }
    heardAt = new Date().toLocaleTimeString();
    latest = state;
    charts.push(state);
    due();
  },
  onLink,
});

search.maxLength = longestSearch;
let searchTimer: ReturnType<typeof setTimeout> | undefined;
search.addEventListener("input", () => {
  clearTimeout(searchTimer);
  searchTimer = setTimeout(() => looking.find(search.value) && viewChanged(), searchPause);
});
pauseButton.addEventListener("click", () => setPaused(!isPaused));
previous.addEventListener("click", () => turnPage(previous, -1));
next.addEventListener("click", () => turnPage(next, 1));
startRecorder({ button: byId("record", HTMLButtonElement), progress: byId("recording", HTMLProgressElement) }, notify);
for (const answer of ["yes", "no"]) {
  byId(`question-${answer}`, HTMLButtonElement).addEventListener(
    "click",
    () => byId("question", HTMLDialogElement).close(answer),
  );
}
document.addEventListener("keydown", (event) => {
  const { target, key } = event;
  const isTyping = target instanceof Element && target.closest("input, select, textarea, dialog") !== null;
  if (key !== "/" || isTyping || event.altKey || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  search.focus();
  search.select();
});
link.start();
