/**
 * Names of hosts.
 *
 * @module
 */

/** The names and addresses of the machine itself; and those by which a server listens on all of its addresses. */
export const localHosts: RegExp = /^(localhost|127\.\d+\.\d+\.\d+|0\.0\.0\.0|\[?::1?\]?)$/;

/** The address of the how many-th machine of a run, from 1; 0 stands for the body. */
export function addressAt(place: number): string {
  return `10.0.${place >> 8}.${place & 255}`;
}

/** The how many-th machine it is that has an address, or 0 for the body; `NaN` for an address of none. */
export function placeOfAddress(address: string): number {
  const parts = /^10\.0\.(\d{1,3})\.(\d{1,3})$/.exec(address);
  return parts === null ? NaN : Number(parts[1]) * 256 + Number(parts[2]);
}
