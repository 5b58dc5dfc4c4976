/**
 * Makes cases: the same for the same seed.
 *
 * @module
 */

import { Random } from "../../../runtime/basics/random.ts";
import { bytesOf, type Case, type CaseEnd, send, type Step, textOf } from "./case.ts";
import { chance, draftHandshake, draftRequest, pick, textOfDraft } from "./draft.ts";
import { draftFrames } from "./draft_frames.ts";
import { mutateBytes, mutations } from "./mutations.ts";

/** The seed of a case of a run. */
export function seedOf(run: number, index: number): number {
  const random = new Random(run);
  return new Random((random.integer() + Math.imul(index, 0x9e3779b1)) | 0).integer();
}

/** The case of a seed. */
export function caseOf(seed: number): Case {
  const random = new Random(seed);
  const id = seed.toString(36);
  const { steps, isWebSocket } = chance(random, 30) ? draftSocket(random, id) : draftPipeline(random, id);
  const end = pick<CaseEnd>(random, [...Array(14).fill("settle"), "reset", "reset", "half", "mute"]);
  const leavesEarly = chance(random, 10);
  const cutSteps = cut(random, leavesEarly ? [send(cutOff(random, steps))] : steps, isWebSocket);
  return { seed, steps: cutSteps, end: leavesEarly && end === "settle" ? "reset" : end };
}

interface Drafted {
  readonly steps: Step[];
  readonly isWebSocket: boolean;
}

/** Some requests on one connection, right or with one or two things done to them. */
function draftPipeline(random: Random, id: string): Drafted {
  const steps: Step[] = [];
  const count = chance(random, 40) ? 1 : chance(random, 80) ? 2 + random.below(3) : 5 + random.below(20);
  const changed = chance(random, 75) ? random.below(count) : -1;
  let left = count;
  for (let index = 0; index < count && left > 0; index++, left--) {
    const draft = draftRequest(random, `${id}-${index}`);
    let text = textOfDraft(draft);
    if (index === changed) {
      for (let times = chance(random, 20) ? 2 : 1; times > 0; times--) pick(random, mutations)(draft, random);
      text = textOfDraft(draft);
      if (chance(random, 10)) text = mutateBytes(text, random);
    }
    // Of much behind a request that is never answered a server reads no more, and then does not notice that the client leaves.
    if (draft.target.includes("/never/")) left = Math.min(left, 4);
    if (left < count - index && text.length > 10_000) break;
    steps.push(send(text));
    if (chance(random, 20)) steps.push({ wait: index + 1 });
  }
  return { steps, isWebSocket: false };
}

/** A handshake, most often a right one, and frames. */
function draftSocket(random: Random, id: string): Drafted {
  const draft = draftHandshake(random, `${id}-0`);
  const before = chance(random, 8) ? [send(textOfDraft(draftRequest(random, `${id}-before`)))] : [];
  if (chance(random, 12)) changeHandshake(random, draft);
  if (chance(random, 6)) pick(random, mutations)(draft, random);
  const handshake = [...before, send(textOfDraft(draft))];
  if (chance(random, 70)) handshake.push({ wait: 1 });
  return { steps: [...handshake, ...draftFrames(random)], isWebSocket: true };
}

function changeHandshake(random: Random, draft: ReturnType<typeof draftHandshake>): void {
  const name = pick(random, ["sec-websocket-key", "sec-websocket-version", "upgrade", "connection"]);
  const values = [
    "",
    "8",
    "13, 13",
    "14",
    "short",
    "not base64 !!!!!!!!!!!!!!",
    "h2c, websocket",
    "keep-alive",
    "close",
  ];
  const index = draft.fields.findIndex((field) => field.name === name);
  if (chance(random, 40)) draft.fields.splice(index, 1);
  else if (chance(random, 30)) draft.fields.push({ ...draft.fields[index]! });
  else draft.fields[index]!.value = pick(random, values);
}

/** The beginning of what would be sent. */
function cutOff(random: Random, steps: readonly Step[]): string {
  const bytes = bytesOf({ seed: 0, steps, end: "settle" });
  return bytes.slice(0, 1 + random.below(bytes.length));
}

/** Sends the steps in other pieces: all in one, in a few, or byte by byte. */
function cut(random: Random, steps: readonly Step[], isWebSocket: boolean): Step[] {
  const kind = random.below(10);
  if (kind < 3) return [...steps];
  if (kind < 5 && !isWebSocket) return [send(bytesOf({ seed: 0, steps, end: "settle" }))];
  return steps.flatMap((step) => {
    if (!("send" in step) || step.times !== undefined) return [step];
    const text = textOf(step);
    if (kind === 9 && text.length < 300) return [...text].map((character) => send(character));
    const places = Array.from({ length: 1 + random.below(4) }, () => random.below(text.length + 1)).sort((a, b) =>
      a - b
    );
    return [0, ...places].map((place, index) => text.slice(place, places[index])).filter((piece) => piece !== "")
      .map((piece) => send(piece));
  });
}
