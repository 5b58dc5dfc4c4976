/**
 * The button that records five seconds, and saves them as a file.
 *
 * @module
 */

import { element, put, say, show } from "./dom.ts";

/** For how long the program records, in ms. */
const recorded = 5_000;

/** The longest that a trace may take to come, in ms. */
const longest = 60_000;

/** Where the recorder is. */
export interface RecorderPlaces {
  readonly button: HTMLButtonElement;
  readonly progress: HTMLProgressElement;
}

/** Records whenever its button is pressed, once at a time; `tell` says how it went. */
export function startRecorder(
  { button, progress }: RecorderPlaces,
  tell: (text: string, isBad: boolean) => void,
): void {
  const label = new Text("Record 5 s");
  button.replaceChildren(label);
  progress.max = recorded;
  let isRecording = false;
  button.addEventListener("click", async () => {
    if (isRecording) return;
    isRecording = true;
    // A button that is disabled would lose the focus.
    put(button, "aria-disabled", "true");
    say(label, "Recording…");
    show(progress, true);
    const started = performance.now();
    progress.value = 0;
    const timer = setInterval(() => {
      progress.value = performance.now() - started;
      if (progress.value >= recorded) say(label, "Saving…");
    }, 100);
    try {
      tell(`Saved as ${await fetchTrace()}`, false);
    } catch {
      tell("The recording failed: the program did not send it", true);
    } finally {
      clearInterval(timer);
      isRecording = false;
      put(button, "aria-disabled", undefined);
      say(label, "Record 5 s");
      show(progress, false);
    }
  });
}

/** Gets a trace and lets the browser save it; resolves to the name of the file. */
async function fetchTrace(): Promise<string> {
  const response = await fetch("trace", { signal: AbortSignal.timeout(longest) });
  if (!response.ok) throw new Error(`The program answered with ${response.status}`);
  const name = /filename="([^"\\/]+)"/.exec(response.headers.get("content-disposition") ?? "")?.[1] ??
    "millrace-trace.json";
  const url = URL.createObjectURL(await response.blob());
  const anchor = element("a");
  anchor.href = url;
  anchor.download = name;
  anchor.click();
  // The browser begins to save it in a task of its own.
  setTimeout(() => URL.revokeObjectURL(url), longest);
  return name;
}
