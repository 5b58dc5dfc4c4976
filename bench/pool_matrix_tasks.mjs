/** Functions that fail in the ways of the matrix, for every pool alike. */

export class OwnError extends Error {
  name = "OwnError";
  code = "E_OWN";
}
export const unclonable = () => ({ fn: () => 1 });
export const functionProperty = () => {
  throw Object.assign(new Error("kept"), { fn: () => 1 });
};
export const own = () => {
  throw new OwnError("own", { cause: new RangeError("inner") });
};
export const thrownFunction = () => {
  throw () => 1;
};
export const thrownUndefined = () => {
  throw undefined;
};
export const exit0 = () => process.exit(0);
export const exit7 = () => process.exit(7);
export const timer = () => {
  setTimeout(() => {
    throw new Error("in a timer");
  });
  return new Promise(() => {});
};
export const rejection = () => {
  void Promise.reject(new Error("nobody"));
  return new Promise(() => {});
};
export const spin = () => {
  for (;;) Math.random();
};
export const doze = () => new Promise((resolve) => setTimeout(resolve, 60_000).unref?.());
export const size = (buffer) => buffer.byteLength;
export const one = () => 1;
export const eatMemory = () => {
  const all = [];
  for (;;) all.push(new Array(100_000).fill(all.length));
};
let calls = 0;
/** How often `count` was called in this thread. */
export const count = () => ++calls;
