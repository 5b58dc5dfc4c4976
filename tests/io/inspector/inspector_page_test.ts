/** The page of a real inspector, in Chromium. */

import { test } from "node:test";
import { chromium } from "playwright-core";
import { assert, assertEquals } from "@std/assert";
import { inspector } from "../../../io/mod.ts";
import { group, sleep } from "../../../mod.ts";
import { chromiumPath } from "../../support/chromium.ts";
import { until, withinTest } from "../../support/within.ts";
import { spawnDeadlocked } from "./deadlocked.ts";

test("the page of an inspector shows its program: a circle on top, a name that is markup as text; and cancels a task", async () => {
  const browser = await chromium.launch({
    executablePath: chromiumPath(),
    args: ["--no-sandbox", "--disable-dev-shm-usage"],
  });
  try {
    await using page = await inspector({ control: true, print: false });
    await withinTest(group(async (g) => {
      spawnDeadlocked(g, "left", "right");
      const victim = g.spawn(() => sleep(60_000), { name: "<img src=x onerror=alert(1)>" });
      const view = await browser.newPage();
      const faults: string[] = [];
      view.on("console", (message) => void (message.type() === "error" && faults.push(message.text())));
      view.on("pageerror", (error) => void faults.push(String(error)));
      view.on("dialog", (dialog) => void faults.push(`a dialog: ${dialog.message()}`));
      await view.goto(String(page.url));
      await view.locator("#cycle-list").getByText(/left#\d+ → right#\d+ → left#\d+|right#\d+ → left#\d+ → right#\d+/)
        .waitFor();
      const row = view.locator("#task-rows tr", { hasText: "<img src=x onerror=alert(1)>" });
      await row.getByRole("button", { name: /cancel/i }).click();
      await view.getByRole("button", { name: "Cancel the task" }).click();
      await until(() => victim.state === "cancelled", "the task is cancelled");
      await row.waitFor({ state: "detached" });
      assert(await view.locator("img").count() === 0);
      assertEquals(faults, []);
      g.cancel();
    }, { name: "program" }));
  } finally {
    await browser.close();
  }
});
