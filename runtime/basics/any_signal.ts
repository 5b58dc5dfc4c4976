/**
 * `AbortSignal.any` as the standard has it.
 *
 * @module
 */

/** For signals made on a host that needs it: the signals that they follow, none of which follows others itself. */
const sourcesOf = new WeakMap<AbortSignal, readonly AbortSignal[]>();

let isLate: boolean | undefined;

/**
 * A signal that is aborted with the first of `signals`, with its reason.
 *
 * Node 20 aborts the combined signal only after the listeners of the first one have run: those see a signal that is not aborted,
 * and if they abort another of its sources it is that one's reason which stays. There the state is read off the sources.
 */
export function anySignal(signals: Iterable<AbortSignal>): AbortSignal {
  const sources = [...signals];
  const combined = AbortSignal.any(sources);
  if (!(isLate ??= findOutIfLate())) return combined;
  const all = [...new Set(sources.flatMap((source) => sourcesOf.get(source) ?? [source]))];
  sourcesOf.set(combined, all);
  let first = sources.find((source) => source.aborted);
  function aborted(): AbortSignal | undefined {
    if (first !== undefined) return first;
    const candidates = all.filter((source) => source.aborted);
    // If a listener has aborted a second source meanwhile, the native signal has that one's reason: it was not the first.
    const [late] = candidates.length > 1 ? [ownReason(combined)] : [];
    return first = candidates.find((source) => late === undefined || source.reason !== late) ?? candidates[0];
  }
  combined.addEventListener("abort", aborted);
  return Object.defineProperties(combined, {
    aborted: { get: () => aborted() !== undefined, configurable: true },
    reason: { get: () => aborted()?.reason, configurable: true },
  });
}

function ownReason(signal: AbortSignal): unknown {
  return Object.getOwnPropertyDescriptor(AbortSignal.prototype, "reason")!.get!.call(signal);
}

function findOutIfLate(): boolean {
  const controller = new AbortController();
  const combined = AbortSignal.any([controller.signal]);
  let late = false;
  controller.signal.addEventListener("abort", () => late = !combined.aborted);
  controller.abort();
  return late;
}
