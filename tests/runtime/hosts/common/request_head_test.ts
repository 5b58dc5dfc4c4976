import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { AllowedHosts, isHostName } from "../../../../runtime/basics/authority.ts";
import { hasToken, listOf } from "../../../../runtime/basics/field_values.ts";
import {
  maxFields,
  Refusal,
  RequestGate,
  type RequestHead,
  responseTo,
} from "../../../../runtime/hosts/common/request_head.ts";

const ordinary: RequestHead = {
  method: "GET",
  target: "/",
  version: "1.1",
  fields: 1,
  host: "a",
  contentLength: undefined,
  transferEncoding: undefined,
};

/** The url, or the status of the refusal. */
function judge(head: Partial<RequestHead>, gate = new RequestGate("http", undefined)): string | number {
  const judged = gate.judge({ ...ordinary, ...head });
  return judged instanceof Refusal ? judged.status : judged;
}

function assertJudged(table: [Partial<RequestHead>, string | number][]): void {
  for (const [head, expected] of table) assertEquals(judge(head), expected, JSON.stringify(head));
}

test("the url of a request has the host of its Host field and the path as URL writes it", () => {
  assertJudged([
    [{ target: "/" }, "http://a/"],
    [{ target: "/b/c?d=e&f=%20" }, "http://a/b/c?d=e&f=%20"],
    [{ target: "/", host: "Some.Example:8080" }, "http://some.example:8080/"],
    [{ target: "/", host: "a:80" }, "http://a/"],
    [{ target: "/", host: "127.0.0.1:3000" }, "http://127.0.0.1:3000/"],
    [{ target: "/", host: "[::1]:80" }, "http://[::1]/"],
    [{ target: "/", host: "a:0" }, "http://a:0/"],
    [{ target: "/", host: "a:65535" }, "http://a:65535/"],
    [{ target: "//evil/x" }, "http://a//evil/x"],
    [{ target: "/a/../b/%2e%2e/c" }, "http://a/c"],
    [{ target: "/a/./b" }, "http://a/a/b"],
    [{ target: "/%2F%5C%00" }, "http://a/%2F%5C%00"],
    [{ target: "/?it's" }, "http://a/?it%27s"],
    [{ target: "/?a\\b" }, "http://a/?a\\b"],
    [{ target: "/^a^?^b?^" }, "http://a/%5Ea%5E?^b?^"],
    [{ target: "http://b/^" }, "http://b/%5E"],
    [{ target: "/.well-known/x" }, "http://a/.well-known/x"],
  ]);
});

test("a Host that is missing, empty, repeated or none at all is 400, beside an absolute target too", () => {
  const hosts = ["", ":80", "a:", "a:b:c", "a:99999", "a:x", "::1", "a, a", "a,b", "a/b", "u@b", "a?", "a#", "a\\b"];
  hosts.push(
    "a b",
    "a%41",
    "a\tb",
    "a\x00",
    "\xe9",
    "[::1",
    "[zz]",
    "256.1.1.1",
    "0x7f.1",
    "127.1",
    "2130706433",
  );
  for (const host of hosts) {
    assertEquals(judge({ host }), 400, host);
    assertEquals(judge({ host, target: "http://b/" }), 400, host);
  }
  assertEquals(judge({ host: undefined }), 400);
  assertEquals(judge({ host: undefined, target: "http://b/" }), 400);
});

test("a request of HTTP/1.0 without a Host is for the server itself", () => {
  const gate = new RequestGate("http", undefined);
  gate.ownAuthority = "127.0.0.1:8080";
  assertEquals(judge({ host: undefined, version: "1.0", target: "/x" }, gate), "http://127.0.0.1:8080/x");
  assertEquals(judge({ host: "b", version: "1.0" }, gate), "http://b/");
});

test("an absolute target has its own authority, and the scheme of the connection", () => {
  assertJudged([
    [{ target: "http://b/c?d" }, "http://b/c?d"],
    [{ target: "HTTP://B:81" }, "http://b:81/"],
    [{ target: "http://b?c" }, "http://b/?c"],
    [{ target: "http://b/../c" }, "http://b/c"],
  ]);
  const targets = [
    "https://a/",
    "file:///etc/passwd",
    "ftp://a/",
    "ws://a/",
    "javascript:x",
    "http:/a",
    "http:a",
    "http://",
  ];
  targets.push(
    "http:///x/admin",
    "http://u@b/x",
    "http://u:p@b/x",
    "http://a:99999/",
    "http://a:/",
    "http:\\\\a/",
    "http://b\\c/",
  );
  for (const target of targets) assertEquals(judge({ target }), 400, target);
  const secure = new RequestGate("https", undefined);
  assertEquals(judge({ target: "https://b/" }, secure), "https://b/");
  assertEquals(judge({ target: "/", host: "b:443" }, secure), "https://b/");
  assertEquals(judge({ target: "http://b/" }, secure), 400);
});

test("a target with a fragment, a space, a control or a byte beyond ASCII, and one of no form, is 400", () => {
  for (
    const target of ["/a#b", "/a b", "/a\x00", "/a\x7f", "/\xe9", "/\u0100", "admin", "?x", "\\evil", "*", "a:80", ""]
  ) {
    assertEquals(judge({ target }), 400, target);
    assertEquals(judge({ target, method: "OPTIONS" }), 400, target);
  }
  assertEquals(judge({ target: "/a\\..\\b" }), 400);
});

test("methods are case-sensitive: unknown ones are 501, those that would make a tunnel or an echo 405", () => {
  assertJudged([
    [{ method: "get" }, 501],
    [{ method: "FOO" }, 501],
    [{ method: "" }, 501],
    [{ method: "TRACE" }, 405],
    [{ method: "TRACK" }, 405],
    [{ method: "CONNECT", target: "a:80" }, 405],
    [{ method: "PROPFIND" }, "http://a/"],
  ]);
});

test("versions other than 1.0 and 1.1 are 505", () => {
  for (const version of ["0.9", "2.0", "1.2", ""]) assertEquals(judge({ version }), 505, version);
});

test("a length that is not one number is 400, and so is one that nobody can count to", () => {
  for (
    const contentLength of [
      "",
      "-1",
      "+5",
      "0x5",
      "5.0",
      "5 6",
      "5, 5",
      "5, 6",
      "1_0",
      "9007199254740992",
      "9".repeat(30),
    ]
  ) {
    assertEquals(judge({ contentLength }), 400, contentLength);
  }
  for (const contentLength of ["0", "005", "9007199254740991"]) assertEquals(judge({ contentLength }), "http://a/");
});

test("a body is coded as chunked and as nothing else", () => {
  const codings = [
    "",
    "gzip",
    "identity",
    "xchunked",
    '"chunked"',
    "chunked;q=1",
    "chunked, identity",
    "\vchunked",
    "chunked, chunked",
  ];
  codings.push(",chunked", "chunked,", "gzip,,chunked", "chunked, gzip, chunked");
  for (const transferEncoding of codings) assertEquals(judge({ transferEncoding }), 400, transferEncoding);
  assertJudged([
    [{ transferEncoding: "chunked" }, "http://a/"],
    [{ transferEncoding: "\tCHUNKED " }, "http://a/"],
    [{ transferEncoding: "gzip, chunked" }, 501],
    [{ transferEncoding: "identity, chunked" }, 501],
    [{ transferEncoding: "chunked", contentLength: "5" }, 400],
    [{ transferEncoding: "chunked", version: "1.0" }, 400],
  ]);
});

test("more fields than a hundred are 431", () => {
  assertEquals(judge({ fields: maxFields }), "http://a/");
  assertEquals(judge({ fields: maxFields + 1 }), 431);
});

test("a request for a host that is not allowed is 421, whichever way it names it", () => {
  const gate = new RequestGate("http", new AllowedHosts(["localhost", "127.0.0.1", "[::1]", ".Example.org"]));
  const allowed = [
    "localhost",
    "LOCALHOST:8080",
    "127.0.0.1:1",
    "[::1]:80",
    "[0:0::1]",
    "example.org",
    "a.b.example.org",
  ];
  for (const host of allowed) assertEquals(typeof judge({ host }, gate), "string", host);
  for (const host of ["evil.test", "localhost.evil.test", "badexample.org", "[::2]", "127.0.0.2", "localhost."]) {
    assertEquals(judge({ host }, gate), 421, host);
  }
  assertEquals(judge({ target: "http://evil.test/" }, new RequestGate("http", new AllowedHosts(["a"]))), 421);
  assertEquals(judge({ target: "http://localhost/", host: "evil.test" }, gate), "http://localhost/");
});

test("a name in a list of hosts has no port", () => {
  for (const name of ["localhost", "127.0.0.1", "[::1]", ".example.org", "A.b"]) assert(isHostName(name), name);
  for (const name of ["", ".", "a:80", "::1", "[::1]:80", "http://a", "a/b", "*.a"]) assert(!isHostName(name), name);
});

test("the last host is remembered, and no other is taken for it", () => {
  const gate = new RequestGate("http", undefined);
  assertEquals(judge({ host: "a" }, gate), "http://a/");
  assertEquals(judge({ host: "a" }, gate), "http://a/");
  assertEquals(judge({ host: "a/" }, gate), 400);
  assertEquals(judge({ host: "" }, gate), 400);
  assertEquals(judge({ host: undefined }, gate), 400);
  assertEquals(judge({ host: "b" }, gate), "http://b/");
});

test("whatever the target and the host, a url that passes can be parsed, and means what it says", () => {
  const pieces = [
    "a",
    ":",
    "//",
    "/",
    "..",
    "%2e",
    "\\",
    "@",
    "#",
    "?",
    "[",
    "]",
    "80",
    "http:",
    "file:",
    ".",
    "'",
    "|",
    " ",
  ];
  // Every way to put three of them together, as a target and as a host.
  for (const first of pieces) {
    for (const second of pieces) {
      for (const third of pieces) {
        const text = first + second + third;
        for (const head of [{ target: text }, { host: text }, { target: text, host: "b:81" }, { target: `/${text}` }]) {
          const url = judge(head);
          if (typeof url === "number") continue;
          const { href, protocol, username } = new URL(url);
          assertEquals([href, protocol, username], [url, "http:", ""], JSON.stringify(head));
        }
      }
    }
  }
});

test("sixteen KiB of the worst character are judged in no time", () => {
  const gate = new RequestGate("http", new AllowedHosts([".a"]));
  for (const character of "a.-:[]/\\%2, \t'") {
    const run = character.repeat(16_384);
    for (const long of [run, `b${run}b`]) {
      const began = performance.now();
      judge({ target: `/${long}` }, gate);
      judge({ target: `http://${long}` }, gate);
      judge({ host: long }, gate);
      judge({ transferEncoding: long }, gate);
      judge({ contentLength: long }, gate);
      hasToken(long, "close");
      listOf(long);
      assert(performance.now() - began < 100, `${JSON.stringify(character)} took ${performance.now() - began} ms`);
    }
  }
});

test("a refusal as a response says that the connection is closed, and has no body", () => {
  const refusal = new RequestGate("http", undefined).judge({ ...ordinary, method: "TRACE" }) as Refusal;
  const { status, headers, body } = responseTo(refusal);
  assertEquals([status, body, headers.get("connection"), headers.get("content-length")], [405, null, "close", "0"]);
  assert(headers.get("allow")!.includes("GET"));
});
