/**
 * The frame of a program.
 *
 * @module
 */

export { main, type MainOptions } from "./main.ts";
export { buggify } from "../../runtime/basics/buggify.ts";
