/**
 * What the page says by itself: to those who see it, to those who hear it, and questions before what cannot be undone.
 *
 * @module
 */

import { byId, show } from "./dom.ts";

/** For how long a notice stays, in ms. */
const shown = 6_000;

/** Has a text read aloud, when whoever listens has a pause. */
export function announce(text: string): void {
  byId("announcements", HTMLElement).textContent = text;
}

let timer: ReturnType<typeof setTimeout> | undefined;

/** Shows a notice for a few seconds, and has it read aloud. */
export function notify(text: string, isBad: boolean): void {
  const place = byId("notice", HTMLElement);
  place.textContent = text;
  place.classList.toggle("bad", isBad);
  show(place, true);
  announce(text);
  clearTimeout(timer);
  timer = setTimeout(() => show(place, false), shown);
}

/** A question about a change. */
export interface Question {
  readonly title: string;
  readonly text: string;
  /** What the button says that does it. */
  readonly yes: string;
}

/** Asks; resolves to whether it shall be done. The dialog of the browser keeps the focus, and gives it back. */
export function confirmed({ title, text, yes }: Question): Promise<boolean> {
  const dialog = byId("question", HTMLDialogElement);
  if (dialog.open) return Promise.resolve(false);
  byId("question-title", HTMLElement).textContent = title;
  byId("question-text", HTMLElement).textContent = text;
  byId("question-yes", HTMLButtonElement).textContent = yes;
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) =>
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true })
  );
}
