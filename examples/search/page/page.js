/** The page: the figures, the search, its keys, and the ways to the inspector. */

import { Blocking } from "./block.js";
import { Figures } from "./figures.js";
import { Search } from "./search.js";

const at = (id) => document.getElementById(id);
const form = at("form"), query = at("query"), results = at("results");

const figures = new Figures();
const search = new Search(figures);
const blocking = new Blocking(figures, () => ({ text: query.value.trim(), mode: form.elements.mode.value }));

/** Asks for what stands in the form, after a wait; a newer question ends the older one. */
function ask(wait) {
  const text = query.value.trim(), mode = form.elements.mode.value;
  // Whoever comes back from a file finds the same question again.
  history.replaceState(null, "", text === "" ? "/" : `/?${new URLSearchParams({ q: text, mode })}`);
  search.ask(text, mode, wait);
}

query.addEventListener("input", () => ask(120));
form.addEventListener("change", (event) => event.target !== query && ask(0));
form.addEventListener("submit", (event) => {
  event.preventDefault();
  ask(0);
});
at("stop").addEventListener("click", () => {
  search.stop();
  query.focus();
});
// Meanwhile more files have come into the index; but nobody's place in the results is taken away.
figures.onIndexed = () => {
  if (search.isIncomplete && !results.contains(document.activeElement)) ask(0);
};
figures.onBack = () => {
  if (search.isLost) ask(0);
};

/** The results are a list of links: arrows go through them, and Enter is the browser's own. */
function move(step) {
  const links = [...results.querySelectorAll("a")];
  const now = links.indexOf(document.activeElement);
  if (step < 0 && now <= 0) return query.focus();
  links[Math.min(links.length - 1, now + step)]?.focus();
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  const { activeElement } = document;
  const isSearching = activeElement === query || results.contains(activeElement);
  if (event.key === "/" && activeElement !== query) {
    query.focus();
    query.select();
  } else if (event.key === "ArrowDown" && isSearching) move(1);
  else if (event.key === "ArrowUp" && results.contains(activeElement)) move(-1);
  else if (event.key === "Escape" && (activeElement === query || search.isRunning || blocking.isRunning)) {
    // Nor is the box emptied, as browsers do: a search may have ended just before the key that was to stop it.
    search.stop();
    blocking.stop();
  } else if (event.key === "Escape" && results.contains(activeElement)) query.focus();
  else return;
  event.preventDefault();
});

/**
 * The part of the address behind the # has where the inspector is, with its token. It is kept in this tab, away from the
 * address that one may copy, and nothing but a port and a token is taken from it.
 */
function findInspector() {
  const given = /^#inspector=(\d{1,5}\/[\w-]+\/)$/.exec(location.hash)?.[1];
  if (given !== undefined) {
    sessionStorage.setItem("inspector", given);
    history.replaceState(null, "", location.pathname + location.search);
  }
  return given ?? sessionStorage.getItem("inspector");
}

/** Makes a link of the button, if it is known where to. */
function offerInspector() {
  const place = findInspector();
  if (place === null) return;
  const link = document.createElement("a");
  Object.assign(link, { id: "inspect", className: "button", target: "_blank", rel: "noopener noreferrer" });
  link.href = `http://127.0.0.1:${place}`;
  link.textContent = "Inspector";
  at("inspect").replaceWith(link);
  at("inspect-how").hidden = true;
}
at("inspect").addEventListener("click", () => {
  const how = at("inspect-how");
  how.hidden = !how.hidden;
  at("inspect").setAttribute("aria-expanded", String(!how.hidden));
});
addEventListener("hashchange", offerInspector);
offerInspector();

const asked = new URLSearchParams(location.search);
if (asked.get("mode") === "grep") form.elements.mode.value = "grep";
query.value = asked.get("q") ?? "";
figures.run();
if (query.value !== "") ask(0);
