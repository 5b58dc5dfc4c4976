/** Keeps the thread busy for so many ms. */
export function spin(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}
