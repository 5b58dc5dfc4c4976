/**
 * Numbers that stand for texts, and random ones that a seed and a name decide: the same on every runtime.
 *
 * @module
 */

/** How many values a hash has: they begin at 0. */
export const hashes = 0x1_0000_0000;

/** 32 bits of a text. `from` is the number of what stands before it. */
export function hashText(text: string, from: number = 0x811c9dc5): number {
  let hash = from;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return hash >>> 0;
}

/** 32 bits of two numbers: what is drawn for one of them says nothing of what is drawn for another. */
export function mix(a: number, b: number): number {
  return scatter(Math.imul(a ^ Math.imul(b, 0x9e3779b1), 0x85ebca6b));
}

/** 32 bits that a seed and a text decide. */
export function hashOf(seed: number, text: string): number {
  return scatter(hashText(text, Math.imul(seed | 0, 0x9e3779b1) ^ 0x811c9dc5));
}

/** The end of splitmix32. */
function scatter(number: number): number {
  let bits = Math.imul(number ^ (number >>> 16), 0x21f0aaad);
  bits = Math.imul(bits ^ (bits >>> 15), 0x735a2d97);
  return (bits ^ (bits >>> 15)) >>> 0;
}
