/** The page with its server: from a question to the line of a file, with the keyboard and with the mouse. */

import { join } from "node:path";
import { test } from "node:test";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { catastrophic, withServer } from "./searching.ts";
import { focused, withPage } from "./with_page.ts";

test("from the keyboard alone: / to the box, arrows through the results, Enter to the line of the file, and back", async () => {
  await withServer(60_000, async (client, folder) => {
    await withPage({ url: client.url("/") }, async (page) => {
      assertEquals(await focused(page), "query");
      await page.locator("#inspect").focus();
      await page.keyboard.press("/");
      assertEquals(await focused(page), "query");
      await page.keyboard.type("walkTheDog");
      await page.locator("#results a").nth(19).waitFor();
      assertMatch(await page.locator("#note").innerText(), /^The best 20 of 15[45] files, in [\d.,]+ ms$/);
      await page.keyboard.press("ArrowDown");
      await page.keyboard.press("ArrowDown");
      await page.keyboard.press("ArrowUp");
      await page.keyboard.press("ArrowDown");
      const second = page.locator("#results a").nth(1);
      assert(await second.evaluate((link) => link === document.activeElement));
      const name = await second.locator("b").textContent();
      await page.keyboard.press("Enter");
      await page.locator("h1.whole-path").waitFor();
      assertEquals(await page.locator("h1").innerText(), join(folder, "inner", name!));
      const marked = page.locator(":target");
      assertEquals(await marked.getAttribute("id"), "L2");
      assertEquals(await marked.locator("code").innerText(), "export function walkTheDog() {}");

      await page.goBack();
      await page.locator("#results a").nth(19).waitFor();
      assertEquals(await page.locator("#query").inputValue(), "walkTheDog");
      await page.keyboard.press("Escape");
      assertEquals(await page.locator("#query").inputValue(), "walkTheDog");
      await page.locator("#results a").first().focus();
      await page.keyboard.press("ArrowUp");
      assertEquals(await focused(page), "query");
    });
  });
});

test("a result far down in a file is scrolled to, in a narrow window too", async () => {
  await withServer(60_000, async (client, folder) => {
    const url = client.url("/", { q: "line3333 =", mode: "grep" });
    await withPage({ url, context: { viewport: { width: 400, height: 700 } } }, async (page) => {
      await page.locator("#results a").click();
      const marked = page.locator(":target");
      assertEquals(await marked.locator("code").innerText(), "const line3333 = 1;");
      assert(page.url().endsWith("#L3333"), page.url());
      assert(
        await marked.evaluate((line) => {
          const { top, bottom } = line.getBoundingClientRect();
          return top > 0 && bottom < innerHeight;
        }),
      );
      await page.getByRole("link", { name: "Earlier lines" }).first().click();
      await page.locator("#L2000").waitFor();
      assertEquals(await page.locator("h1").innerText(), join(folder, "many.ts"));
    });
  }, (write) => write("many.ts", Array.from({ length: 4000 }, (_, at) => `const line${at + 1} = 1;\n`).join("")));
});

test("names and lines that are markup stay text, in both kinds of results and in the file", async () => {
  const name = "<img src=x onerror=alert(1)>.ts";
  await withServer(60_000, async (client) => {
    await withPage({ url: client.url("/", { q: "onerror" }), context: { colorScheme: "dark" } }, async (page) => {
      // As it is written, not as it is shown: of a result that has not been laid out yet nothing is.
      const hit = page.locator("#results a", { hasText: name });
      assertEquals(await hit.locator("code").textContent(), "<img src=x onerror=alert(2)>");
      await page.getByText("Regex").click();
      await page.locator("#query").fill("<script.*");
      const match = page.locator("#results a", { hasText: "alert(3)" });
      assertEquals(await match.locator("code").textContent(), "<script>alert(3)</script> ␀␛[0m");
      assertEquals(await match.locator("mark").textContent(), "<script>alert(3)</script> ␀␛[0m");
      await match.click();
      await page.locator(":target").waitFor();
      assertEquals(await page.locator("h1").innerText().then((path) => path.endsWith(name)), true);
      assertEquals(await page.locator("img, main script").count(), 0);
    });
  }, (write) => {
    // A zero byte this far from the beginning does not make it a binary file.
    write(name, `<img src=x onerror=alert(2)>\n${"\n".repeat(9000)}<script>alert(3)</script> \0\x1b[0m\n`);
  });
});

test("a search that runs can be stopped, and what went wrong is said", async () => {
  await withServer(60_000, async (client) => {
    const url = client.url("/");
    await withPage({ url, errors: ["400 (Bad Request)"] }, async (page) => {
      const note = page.locator("#note"), stop = page.getByRole("button", { name: "Stop" });
      await page.getByText("Regex").click();
      await page.locator("#query").fill(catastrophic);
      await stop.waitFor();
      assertEquals(await page.locator("#results").getAttribute("aria-busy"), "true");
      await client.until(({ pool }) => pool.running > 0);
      await page.keyboard.press("Escape");
      await stop.waitFor({ state: "hidden" });
      assertEquals(await note.innerText(), "Stopped");
      await page.locator("#requests-text", { hasText: "1 abandoned" }).waitFor();
      await page.locator("#workers-text", { hasText: "after the last abandoned search" }).waitFor();

      await page.locator("#query").fill("(");
      await page.locator("#note.bad", { hasText: "Invalid regular expression" }).waitFor();
      await page.locator("#query").fill("nowhere to be found");
      await page.locator("#note:not(.bad)", { hasText: /^Nothing found, in / }).waitFor();
      await page.locator("#query").fill("");
      await note.getByText("Type words").waitFor();
      await page.getByText("Words", { exact: true }).click();
      await page.locator("#query").fill("unicorn");
      await page.locator("#note", { hasText: /^Nothing found in 15[45] files, in / }).waitFor();
    });
  });
});

test("a search that is stopped at its deadline says so", async () => {
  await withServer(1500, async (client) => {
    const url = client.url("/", { q: catastrophic, mode: "grep" });
    await withPage({ url, errors: ["504 (Gateway Timeout)"] }, async (page) => {
      await page.locator("#note.bad", { hasText: "The request took too long" }).waitFor();
      assert(await page.locator("#stop").isHidden());
      // What was found before the deadline stays. The new worker may need longer than that on a busy machine.
      for (let attempt = 0; attempt < 10; attempt++) {
        await page.locator("#query").fill("");
        await page.locator("#note:not(.bad)", { hasText: "Type words" }).waitFor();
        await page.locator("#query").fill("BarnOwl|^(a+)+$");
        await page.locator("#note.bad").waitFor();
        if (await page.locator("#results a").count() > 0) break;
      }
      assertEquals(
        await page.locator("#note").innerText(),
        "1 match. Stopped after 1500 ms: there may be more matches",
      );
      assertEquals(await page.locator("#results a").count(), 1);
    });
  });
});

test("the switch blocks the loop for this search alone, shows what that does to a ping, and switches back by itself", async () => {
  await withServer(60_000, async (client) => {
    await withPage({ url: client.url("/") }, async (page) => {
      const block = page.getByRole("switch", { name: "Block the loop for 4 seconds" });
      const text = page.locator("#block-text");
      await block.click();
      await text.getByText("Type the words of a search first").waitFor();
      assertEquals(await block.getAttribute("aria-checked"), "false");

      await page.locator("#query").fill("walk dog");
      await page.locator("#results a").first().waitFor();
      await block.click();
      assertEquals(await block.getAttribute("aria-checked"), "true");
      await text.getByText("The same work in slices now").waitFor();
      assertEquals(await block.getAttribute("aria-checked"), "false");
      const [, ping] = /a ping took up to ([\d,.]+) ms/.exec(await text.innerText())!;
      assert(Number(ping!.replace(",", "")) > 200, ping);
      await page.locator("#delay", { hasText: /longest in this minute [\d,]{3,} ms/ }).waitFor();
      assertMatch(await page.locator("#chart").getAttribute("aria-label") ?? "", /at most [\d,]{3,} ms/);
      await page.keyboard.press("Escape");
      await text.getByText("Stopped: the loop is free.").waitFor();
    });
  });
});
