/** The view of a file: which files it shows, and how. */

import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { RawClient } from "../../support/http.ts";
import { withServer } from "./searching.ts";

test("a file of the index is shown with the numbers of its lines, and the line that was asked for is marked", async () => {
  await withServer(60_000, async (client, folder) => {
    const response = await fetch(client.url("/file", { path: join(folder, "owl.ts"), line: "2" }));
    const page = await response.text();
    assertEquals(response.status, 200);
    assertStringIncludes(
      page,
      '<li id="L2" class="wanted" aria-current="location"><a href="#L2" aria-label="Line 2">2</a>' +
        "<code>export const readBarnOwl = 1;</code></li>",
    );
    assertStringIncludes(page, "2 lines, 50 bytes");
    const policy = response.headers.get("content-security-policy")!;
    assertStringIncludes(policy, "default-src 'none'");
    assert(!policy.includes("unsafe"), policy);
    assertEquals(response.headers.get("x-content-type-options"), "nosniff");

    const empty = await client.get("/file", { path: join(folder, "empty.ts") });
    assertEquals(empty.status, 200);
    assertStringIncludes(empty.text, "It is empty.");
    const past = await client.get("/file", { path: join(folder, "owl.ts"), line: "5000" });
    assertStringIncludes(past.text, "It has only 2 lines, and no line 5,000.");
    assertEquals((await client.get("/file", { path: join(folder, "owl.ts"), line: "0" })).status, 400);
  });
});

test("what is no file of the index is refused: ways up, plain and encoded, absolute paths, links, folders, binaries", async () => {
  await withServer(60_000, async (client, folder) => {
    const paths = [
      "",
      "/etc/passwd",
      "file:///etc/passwd",
      "owl.ts",
      folder,
      `${folder}/../../../../../../etc/passwd`,
      `${folder}/inner/../owl.ts`,
      `${folder}/./owl.ts`,
      `${folder}//owl.ts`,
      `${folder}/owl.ts/`,
      `${folder}/owl.ts\0`,
      `${folder}/inner/loop/owl.ts`,
      `${folder}/inner/loop`,
      `${folder}/dangling`,
      `${folder}/picture.bin`,
      `${folder}/huge.txt`,
    ];
    for (const path of paths) {
      const { status, text } = await client.get("/file", { path });
      assertEquals(status, 404, path);
      assert(!text.includes("root:") && !text.includes("Owl ="), path);
      assertStringIncludes(text, "This file cannot be shown. It is not in the index.");
    }
    const { port } = new URL(client.url("/"));
    const targets = [
      "/../../../../etc/passwd",
      "/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
      "/..%2f..%2fetc%2fpasswd",
      "/page/../server.ts",
      "/server.ts",
      `/file?path=${folder}/inner/%2e%2e/owl.ts`,
      `/file?path=${folder}%2f..%2f..%2fetc%2fpasswd`,
    ];
    for (const target of targets) {
      const raw = await RawClient.open(Number(port));
      raw.send(`GET ${target} HTTP/1.1\nhost: localhost\nconnection: close\n\n`);
      await raw.waitFor(/^HTTP\/1.1 404 /);
      raw.leave();
    }
  });
});

test("what has become a link, a binary or nothing since it was indexed is refused", async () => {
  const outside = mkdtempSync(join(tmpdir(), "millrace-outside-"));
  try {
    writeFileSync(join(outside, "file7.ts"), "outside");
    await withServer(60_000, async (client, folder) => {
      const refused = async (path: string, why: string): Promise<void> => {
        const { status, text } = await client.get("/file", { path: join(folder, path) });
        assertEquals(status, 404, path);
        assertStringIncludes(text, why);
        assert(!text.includes("outside</code>"));
      };
      unlinkSync(join(folder, "owl.ts"));
      symlinkSync(join(outside, "file7.ts"), join(folder, "owl.ts"));
      await refused("owl.ts", "is not what it was");
      // A link within the folder is one too: it may lead to what was left out.
      unlinkSync(join(folder, "long.txt"));
      symlinkSync(join(folder, "slow.txt"), join(folder, "long.txt"));
      await refused("long.txt", "is not what it was");
      renameSync(join(folder, "inner"), join(folder, "moved"));
      await refused("inner/file7.ts", "is not what it was");
      symlinkSync(outside, join(folder, "inner"));
      await refused("inner/file7.ts", "is not what it was");
      unlinkSync(join(folder, "slow.txt"));
      mkdirSync(join(folder, "slow.txt"));
      await refused("slow.txt", "is not what it was");
      writeFileSync(join(folder, "empty.ts"), new Uint8Array(10));
      await refused("empty.ts", "is not a text any more");
      const { server } = await client.idle();
      assertEquals(server.failed, 0);
    });
  } finally {
    rmSync(outside, { recursive: true, force: true });
  }
});

test("names and lines that are markup, and characters that nobody sees, are shown as what they are", async () => {
  const name = `<img src=x onerror=alert(1)>"'&.ts`;
  await withServer(60_000, async (client, folder) => {
    const { status, text } = await client.get("/file", { path: join(folder, name) });
    assertEquals(status, 200);
    assertStringIncludes(text, "&lt;img src=x onerror=alert(1)&gt;&quot;&#39;&amp;.ts</h1>");
    assertStringIncludes(text, "<code>&lt;script&gt;alert(2)&lt;/script&gt;</code>");
    assertStringIncludes(text, "<code>␛[31m\tred ␇ � evil � ␡</code>");
    assert(!/<img|<script/.test(text), text);
    const refused = await client.get("/file", { path: "<script>alert(3)</script>" });
    assertStringIncludes(refused.text, "&lt;script&gt;");
    assert(!refused.text.includes("<script"));
  }, (write) => {
    write(name, "<script>alert(2)</script>\n\x1b[31m\tred \x07 \u202e evil \u2069 \x7f\r\n");
  });
});

test("a long file is shown in pages that lead to one another, and of a long line the beginning", async () => {
  await withServer(60_000, async (client, folder) => {
    const path = join(folder, "many.ts");
    const { text } = await client.get("/file", { path, line: "2500" });
    assertStringIncludes(text, "Lines 2,001 to 4,000 of 4,500");
    assertEquals([...text.matchAll(/<li id=/g)].length, 2000);
    const link = (line: number) =>
      `/file?${new URLSearchParams({ path, line: String(line) })}#L${line}`.replace("&", "&amp;");
    assertStringIncludes(text, `<a href="${link(2000)}">Earlier lines</a> <a href="${link(4001)}">Later lines</a>`);
    const last = await client.get("/file", { path, line: "4500" });
    assertStringIncludes(last.text, '<li id="L4500" class="wanted"');
    assert(!last.text.includes("Later lines"));

    const long = await client.get("/file", { path: join(folder, "long.txt") });
    assertStringIncludes(long.text, "<em>and 70,012 bytes more</em>");
    assert(long.text.length < 12_000);
  }, (write) => write("many.ts", "let a;\n".repeat(4500)));
});
