/**
 * A page that shows what the program does.
 *
 * @module
 */

export { type Inspector, inspector, type InspectorOptions } from "./inspector.ts";
