/** The page in Chromium: what it asks the program for, and how it goes through the end of a connection. */

import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { mostRows } from "../../../../io/inspector/protocol.ts";
import { until } from "../../../support/within.ts";
import { madeTrace } from "./fake_program.ts";
import { madeState, madeTask, nested } from "./made_states.ts";
import { focused, withPage } from "./with_page.ts";

test("what is looked at is sent: what is unfolded, the group, the search and the page", async () => {
  const state = { ...nested, rowsTotal: 3 * mostRows + 5 };
  await withPage({ state: madeState() }, async (page, { views, send }) => {
    send(state);
    const told = (isSo: (view: typeof views[number]) => boolean, what: string): Promise<void> =>
      until(() => views.length > 0 && isSo(views.at(-1)!), what);
    // Where the first ones are few, they are unfolded.
    await told(({ open }) => open.join() === "1,2", "the groups");
    await page.locator("#tree .line", { hasText: "main" }).locator(".twisty").click();
    await told(({ open }) => open.join() === "2", "a group that was folded");
    await page.getByRole("button", { name: "Next page" }).click();
    await told(({ offset }) => offset === mostRows, "the second page");
    await page.locator("#range").filter({ hasText: "201–203 of 605" }).waitFor();
    await page.getByRole("button", { name: "Previous page" }).click();
    await told(({ offset }) => offset === 0, "the first page");
    await page.getByRole("button", { name: "Next page" }).click();
    await page.locator("#tree .line", { hasText: "main" }).click();
    await told(({ group, offset }) => group === 1 && offset === 0, "the group, from its first task");
    await page.keyboard.press("/");
    assertEquals(await focused(page), "search");
    const before = views.length;
    await page.keyboard.type("reader/7");
    await told(({ search }) => search === "reader/7", "the search");
    assert(views.length - before <= 3, `a view for each of ${views.length - before} keys`);
  });
});

test("a name that holds others up leads to its task", async () => {
  const state = { ...nested, rows: [madeTask(1, { blockedBy: ["writer#2"] })], rowsTotal: 1 };
  await withPage({ state }, async (page, { views }) => {
    await page.getByRole("button", { name: "writer#2" }).click();
    await until(() => views.at(-1)?.search === "writer#2", "the search");
    assertEquals(views.at(-1)!.group, null);
    assertEquals(await page.locator("#search").inputValue(), "writer#2");
  });
});

test("without control there is nothing to change anything by", async () => {
  const server = { id: 1, url: "http://127.0.0.1/", ready: true, active: 0, queued: 0, completed: 0, rejected: 0 };
  const state = { ...nested, servers: [{ ...server, shed: 0, timedOut: 0, failed: 0, requests: [] }] };
  await withPage({ state }, async (page) => {
    assertEquals(await page.locator("select").count(), 0);
    assertEquals(await page.getByRole("button", { name: /cancel|drain/i }).count(), 0);
  });
  await withPage({ state, hello: { control: true } }, async (page) => {
    assertEquals(await page.locator("select").count(), 3);
    assertEquals(await page.getByRole("button", { name: /cancel|drain/i }).count(), 4);
  });
});

test("with control a task is cancelled and a server drained when that is confirmed, and a priority is changed", async () => {
  const server = { id: 5, url: "http://127.0.0.1/", ready: true, active: 0, queued: 0, completed: 0, rejected: 0 };
  const state = { ...nested, servers: [{ ...server, shed: 0, timedOut: 0, failed: 0, requests: [] }] };
  const errors = ["404"];
  await withPage({ state, hello: { control: true }, errors }, async (page, program) => {
    const cancel = page.getByRole("button", { name: "Cancel task#2" });
    await cancel.click();
    await page.getByRole("button", { name: "Leave it" }).click();
    await cancel.click();
    await page.keyboard.press("Escape");
    assertEquals(await focused(page), "Cancel task#2");
    assertEquals(program.commands.length, 0);
    await cancel.click();
    await page.getByRole("button", { name: "Cancel the task" }).click();
    await page.locator("#notice").waitFor();
    await page.getByLabel("Priority of task#1").selectOption("background");
    await until(() => program.commands.length === 2, "the priority");
    await page.getByRole("button", { name: /^Drain/ }).click();
    await page.getByRole("button", { name: "Drain the server" }).click();
    await until(() => program.commands.length === 3, "the server");
    assertEquals(program.commands, [
      { do: "cancel", task: 2 },
      { do: "priority", task: 1, priority: "background" },
      { do: "drain", server: 5 },
    ]);
    // A change that is refused is taken back.
    program.commandStatus = 404;
    await page.getByLabel("Priority of task#3").selectOption("user-blocking");
    await page.locator("#notice").filter({ hasText: "It is not there any more" }).waitFor();
    assertEquals(await page.getByLabel("Priority of task#3").inputValue(), "user-visible");
  });
});

test("a program that is gone is said to be, and when it is back the page goes on with what it looked at", async () => {
  await withPage({ state: nested, errors: ["Failed to load resource", "403"] }, async (page, program) => {
    await page.locator("#tree .line", { hasText: "main" }).click();
    await until(() => program.views.at(-1)?.group === 1, "the group");
    const { client } = program.views.at(-1)!;
    program.setGone(true);
    await page.locator("#gone").filter({ hasText: "The program is gone" }).waitFor();
    assertEquals(await page.locator("#announcements").textContent(), "The connection to the program is lost");
    program.setGone(false);
    await page.locator("#gone").waitFor({ state: "hidden" });
    await until(() => program.views.at(-1)!.client > client, "the view of the new connection");
    assertEquals(program.views.at(-1)!.group, 1);
  });
});

test("a program of which nothing comes is said to be silent", async () => {
  await withPage({ state: nested }, async (page, program) => {
    await page.locator("#link").filter({ hasText: /silent for \d/ }).waitFor();
    program.send({ ...nested, at: 9_000 });
    await page.locator("#link").filter({ hasText: "live" }).waitFor();
  });
});

test("a page that is paused stays as it is, until it goes on with the last state", async () => {
  await withPage({ state: nested }, async (page, program) => {
    const pause = page.getByRole("button", { name: "Pause" });
    await pause.click();
    program.send({ ...nested, at: 2_000, cycles: [["a", "b"]] });
    program.send({ ...nested, at: 3_000, rows: [madeTask(8)] });
    await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
    assertEquals(await page.locator("#task-rows tr").count(), 3);
    await pause.click();
    await page.locator("#task-rows .name").filter({ hasText: "task#8" }).waitFor();
    assertEquals(await page.locator("#announcements").textContent(), "");
  });
});

test("what was recorded is saved as a file", async () => {
  await withPage({ state: nested }, async (page) => {
    const saving = page.waitForEvent("download");
    await page.getByRole("button", { name: "Record 5 s" }).click();
    const download = await saving;
    assertEquals(download.suggestedFilename(), "millrace-trace.json");
    assertEquals(await readFile(await download.path(), "utf8"), madeTrace);
    await page.locator("#notice").filter({ hasText: "Saved as millrace-trace.json" }).waitFor();
  });
});
