/** The worker module of the program beside it. */

function throws(): never {
  throw new RangeError("in the worker");
}

export function failsThere(): never {
  throws();
}
