/**
 * What is ready to run: the priorities that users see of it.
 *
 * @module
 */

export type { Priority } from "./priority.ts";
