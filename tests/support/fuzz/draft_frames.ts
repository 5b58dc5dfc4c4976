/**
 * Frames of a client, right and wrong, after the sections of Autobahn's test suite.
 *
 * @module
 */

import type { Random } from "../../../runtime/basics/random.ts";
import { send, type Step } from "./case.ts";
import { chance, pick } from "./draft.ts";
import { binaryFrame, closeFrame, continuation, masked, pingFrame, pongFrame, textFrame } from "./frames.ts";

/** How a frame is written. */
interface FrameForm {
  isLast?: boolean;
  reserved?: number;
  isMasked?: boolean;
  /** How many bytes the length takes: those that it needs, or more. */
  lengthBytes?: 0 | 2 | 8;
  /** A length other than that of the payload. */
  length?: bigint;
}

/** A frame on the wire. */
export function frame(opcode: number, payload: string, form: FrameForm = {}): string {
  const { isLast = true, reserved = 0, isMasked = true, length = BigInt(payload.length) } = form;
  const lengthBytes = form.lengthBytes ?? (length < 126n ? 0 : length < 65_536n ? 2 : 8);
  let head = String.fromCharCode((isLast ? 128 : 0) | (reserved << 4) | opcode);
  head += String.fromCharCode(
    (isMasked ? 128 : 0) | (lengthBytes === 0 ? Number(length) : lengthBytes === 2 ? 126 : 127),
  );
  for (let index = lengthBytes - 1; index >= 0; index--) {
    head += String.fromCharCode(Number((length >> BigInt(8 * index)) & 255n));
  }
  const mask = "\x12\xa0\x00\xff";
  return head + (isMasked ? mask + masked(payload, mask) : payload);
}

const sizes = [0, 1, 125, 126, 127, 1000, 65_535, 65_536];
const lateSizes = [65_537, 70_000, 131_072];
const texts = [
  "",
  "hello",
  "\0",
  "\xc3\xa9",
  "\xef\xbb\xbfbom",
  "\xf0\x9f\x98\x80",
  "\xef\xbf\xbf",
  "\xf4\x8f\xbf\xbf",
];
const badTexts = [
  "\xff",
  "\xc0\x80",
  "\xed\xa0\x80",
  "\xf4\x90\x80\x80",
  "a\xc3",
  "\xe2\x82",
  "\x80",
  "\xf8\x88\x80\x80\x80",
];
const codes = [1000, 1001, 1002, 1003, 1007, 1011, 1012, 1014, 3000, 4999];
const badCodes = [0, 999, 1004, 1005, 1006, 1015, 1016, 2000, 2999, 5000, 65_535];

/** A few frames, as steps. */
export function draftFrames(random: Random): Step[] {
  const steps: Step[] = [];
  for (let count = 1 + random.below(6); count > 0; count--) {
    steps.push(...(chance(random, 82) ? [send(pick(random, right)(random))] : pick(random, wrong)(random)));
  }
  if (chance(random, 30)) steps.push(send(draftClose(random)));
  return steps;
}

/** What is right. */
const right: readonly ((random: Random) => string)[] = [
  (random) => frame(textFrame, pick(random, texts)),
  (random) => frame(chance(random, 50) ? textFrame : binaryFrame, "m".repeat(pick(random, sizes))),
  (random) => frame(binaryFrame, pick(random, badTexts)),
  (random) => frame(pingFrame, "p".repeat(pick(random, [0, 1, 125]))),
  (random) => frame(pongFrame, "unasked".slice(random.below(7))),
  (random) =>
    fragments(random, chance(random, 50) ? textFrame : binaryFrame, pick(random, [...texts, "m".repeat(300)])),
];

/** What is not. */
const wrong: readonly ((random: Random) => Step[])[] = [
  (random) => [send(frame(textFrame, pick(random, badTexts)))],
  (random) => [send(frame(pick(random, [3, 4, 5, 6, 7, 11, 12, 13, 14, 15]), "x"))],
  (random) => [send(frame(pick(random, [textFrame, pingFrame, closeFrame]), "", { reserved: 1 + random.below(7) }))],
  (random) => [send(frame(textFrame, "unmasked", { isMasked: chance(random, 10) }))],
  (random) => [send(frame(pick(random, [pingFrame, pongFrame, closeFrame]), "\x03\xe8".padEnd(126, "x")))],
  (random) => [send(frame(pick(random, [pingFrame, closeFrame]), "", { isLast: false }))],
  () => [send(frame(continuation, "nothing to go on"))],
  () => [send(frame(textFrame, "a", { isLast: false })), send(frame(textFrame, "b"))],
  (random) => [send(frame(textFrame, "long", { lengthBytes: chance(random, 50) ? 2 : 8 }))],
  (
    random,
  ) => [
    send(
      frame(binaryFrame, "", {
        lengthBytes: 8,
        length: pick(random, [2n ** 63n, 2n ** 53n, 2n ** 31n, 2n ** 64n - 1n]),
      }),
    ),
  ],
  (random) => [send(frame(binaryFrame, "m".repeat(pick(random, lateSizes))))],
  (
    random,
  ) => [
    send(frame(textFrame, "\xe2", { isLast: false })),
    send(frame(continuation, pick(random, ["\x82\xac", "x", ""]))),
  ],
  // Floods.
  (random) => [send(frame(textFrame, ""), flood(random))],
  (random) => [send(frame(binaryFrame, "m"), flood(random))],
  (random) => [send(frame(pingFrame, "flood"), flood(random))],
  (
    random,
  ) => [
    send(frame(textFrame, "", { isLast: false })),
    send(frame(continuation, chance(random, 50) ? "" : "f", { isLast: false }), flood(random)),
  ],
  () => [
    send(frame(binaryFrame, "", { isLast: false })),
    send(frame(continuation, "m".repeat(1000), { isLast: false }), 70),
  ],
];

function flood(random: Random): number {
  return chance(random, 5) ? 3000 : pick(random, [10, 100, 400]);
}

/** A message in fragments, perhaps with pings between them. */
function fragments(random: Random, opcode: number, payload: string): string {
  let wire = "";
  let rest = payload;
  for (let first = true;; first = false) {
    const part = rest.slice(0, random.below(rest.length + 1));
    rest = rest.slice(part.length);
    const isLast = chance(random, 40);
    wire += frame(first ? opcode : continuation, isLast ? part + rest : part, { isLast });
    if (isLast) return wire;
    if (chance(random, 30)) wire += frame(pingFrame, "between");
  }
}

function draftClose(random: Random): string {
  const code = chance(random, 75) ? pick(random, codes) : pick(random, badCodes);
  const text = chance(random, 20) ? pick(random, badTexts) : pick(random, ["", "bye", "r".repeat(123)]);
  const payload = String.fromCharCode(code >> 8, code & 255) + text;
  return frame(closeFrame, chance(random, 15) ? "" : chance(random, 5) ? "\x03" : payload);
}
