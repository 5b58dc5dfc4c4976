/** What `serve` refuses at the call. */

import { test } from "node:test";
import { assertThrows } from "@std/assert";
import { serve } from "../../../io/mod.ts";

test("wrong arguments throw at the call", () => {
  const handler = () => new Response("");
  assertThrows(() => serve("no" as never), TypeError);
  assertThrows(() => serve(handler, 3 as never), TypeError);
  assertThrows(() => serve(handler, { port: 65536 }), RangeError, "65536");
  assertThrows(() => serve(handler, { port: "80" as never }), TypeError);
  assertThrows(() => serve(handler, { hostname: 1 as never }), TypeError);
  assertThrows(() => serve(handler, { maxConcurrent: 0 }), RangeError);
  assertThrows(() => serve(handler, { queueLimit: -1 }), RangeError);
  assertThrows(() => serve(handler, { timeout: -1 }), RangeError);
  assertThrows(() => serve(handler, { bodyLimit: NaN }), RangeError);
  assertThrows(() => serve(handler, { drain: { grace: 5, force: 4 } }), RangeError);
  assertThrows(() => serve(handler, { tls: {} as never }), TypeError);
  assertThrows(() => serve(handler, { unix: "/tmp/a", port: 1 }), TypeError);
  assertThrows(() => serve(handler, { allowedHosts: "localhost" as never }), TypeError, "list of names");
  assertThrows(() => serve(handler, { allowedHosts: ["localhost:80"] }), TypeError, 'received "localhost:80"');
  assertThrows(() => serve(handler, { onError: 1 as never }), TypeError);
});
