/** The page in Chromium: what it shows, and how it changes. */

import { test } from "node:test";
import type { Page } from "playwright-core";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { mostRows } from "../../../../io/inspector/protocol.ts";
import { until } from "../../../support/within.ts";
import { madeGroup, madeState, madeTask, madeTasks, nested } from "./made_states.ts";
import { focused, withPage } from "./with_page.ts";

/** The names of the groups that show. */
function groupsOf(page: Page): Promise<string[]> {
  return page.locator("#tree .line .name").allTextContents();
}

test("the page shows the program, its tasks by state, its groups, and what each task waits for and who holds it", async () => {
  const rows = [
    madeTask(1, { name: "reader#1", waitingFor: "mutex lock", blockedBy: ["writer#2"], deadline: 900 }),
    madeTask(2, {
      name: "writer#2",
      state: "running",
      waitingFor: null,
      since: null,
      priority: "user-blocking",
      place: null,
    }),
  ];
  await withPage({ state: { ...nested, rows, rowsTotal: 2 } }, async (page) => {
    assertEquals(await page.locator("#program").textContent(), "search");
    assertEquals(await page.locator("#host").textContent(), "Node 26.10.0");
    assertEquals(await page.locator("#totals .total").allTextContents(), [
      "running12",
      "waiting1,203",
      "queued3",
      "cancelling1",
    ]);
    assertEquals(await groupsOf(page), ["All tasks", "main", "crawler", "server"]);
    const line = page.locator("#tree .line").nth(1);
    assertEquals(await line.getAttribute("aria-description"), "6 tasks: 2 running, 3 waiting, 1 queued");
    assertEquals(await page.locator("#tree .line").nth(3).getAttribute("aria-label"), "server, cancelling");
    const cells = page.locator("#task-rows tr").nth(0).locator("td");
    assertEquals(await cells.allTextContents(), [
      "reader#1",
      "main",
      "waiting",
      "mutex lockheld by writer#2",
      "1.5 s",
      "visible",
      "in 900 ms",
      "crawl.ts:12:5",
    ]);
    const other = page.locator("#task-rows tr").nth(1).locator("td");
    assertEquals(await other.allTextContents(), ["writer#2", "main", "running", "—", "—", "blocking", "—", "—"]);
  });
});

test("tasks that wait for one another are told above all else, as a circle, and read aloud once", async () => {
  const cycles = [["reader#1", "writer#2"]];
  await withPage({ state: nested }, async (page, program) => {
    const section = page.locator("#cycles");
    assert(!await section.isVisible());
    program.send({ ...nested, cycles, rows: [madeTask(1, { inCycle: true })] });
    await section.waitFor();
    assertMatch((await section.textContent())!, /These tasks wait for one another/);
    assertEquals(await section.locator("li").allTextContents(), ["reader#1 → writer#2 → reader#1"]);
    assertMatch((await page.locator("#announcements").textContent())!, /reader#1 → writer#2 → reader#1/);
    assertEquals(await page.locator("#task-rows tr.in-cycle").count(), 1);
    assertEquals(await page.title(), "Deadlock: search");
    program.send(nested);
    await section.waitFor({ state: "hidden" });
  });
});

test("pools with their workers, servers with their requests, long turns and the loop's figures are shown", async () => {
  const worker = { name: "worker 1", state: "busy", call: "parsePage", since: 120, calls: 2, served: 1_400 } as const;
  const pool = {
    name: "parsers",
    size: 4,
    queued: 7,
    running: 4,
    completed: 9,
    failed: 1,
    runaway: 1,
    workers: [worker],
  };
  const request = { name: "GET /find?q=a", state: "queued", age: 45, tasks: 3 } as const;
  const server = {
    ...{ id: 1, url: "http://127.0.0.1:8080/", ready: true, active: 3, queued: 2, completed: 812 },
    ...{ rejected: 1, shed: 4, timedOut: 5, failed: 6, requests: [request] },
  };
  const longTurns = [{ who: "indexer#9", duration: 84, ago: 12_000 }];
  const loop = { ...nested.loop, longTurns };
  await withPage({ state: { ...nested, loop, pools: [pool], servers: [server] } }, async (page) => {
    assertEquals(await page.locator("#pools .stats > div").allTextContents(), [
      "running4",
      "queued7",
      "completed9",
      "failed1",
      "runaway1",
    ]);
    const workerRow = page.locator("#pools tbody tr td");
    assertEquals(await workerRow.allTextContents(), ["worker 1", "busy", "parsePage", "120 ms", "2", "1,400"]);
    assertEquals(await page.locator("#servers h3").textContent(), "http://127.0.0.1:8080/");
    assertEquals(await page.locator("#servers .stats > div").allTextContents(), [
      "active3",
      "queued2",
      "completed812",
      "shed4",
      "rejected1",
      "timed out5",
      "failed6",
    ]);
    assertEquals(await page.locator("#servers tbody td").allTextContents(), ["GET /find?q=a", "queued", "45 ms", "3"]);
    assertEquals(await page.locator("#long-turns tbody td").allTextContents(), ["indexer#9", "84 ms", "12 s"]);
    // They come in a frame of their own.
    await page.locator(".figures dd").filter({ hasText: "34 %" }).waitFor();
    assertEquals(await page.locator(".figures dd").allTextContents(), [
      ...["0.4 ms", "3.2 ms", "12 ms"],
      ...["16", "240", "80"],
      ...["34 %", "2,000/s", "480/s"],
    ]);
    assertEquals(await page.locator("#charts canvas").count(), 3);
  });
});

test("a name that is markup is text wherever it shows, and runs nothing", async () => {
  const name = "<img src=x onerror=alert(1)>";
  const plainServer = { ready: true, active: 0, queued: 0, completed: 0, rejected: 0, shed: 0, timedOut: 0, failed: 0 };
  const state = madeState({
    groups: [madeGroup(1, name)],
    rows: [madeTask(1, { name, group: name, waitingFor: name, blockedBy: [name], place: name })],
    rowsTotal: 1,
    cycles: [[name, name]],
    loop: { ...nested.loop, longTurns: [{ who: name, duration: 10, ago: 10 }] },
    pools: [{
      ...{ name, size: 1, queued: 0, running: 0, completed: 0, failed: 0, runaway: 0 },
      workers: [{ name, state: "busy", call: name, since: 1, calls: 1, served: 1 }],
    }],
    servers: [{ id: 1, url: name, ...plainServer, requests: [{ name, state: "running", age: 1, tasks: 1 }] }],
  });
  await withPage({ state, hello: { program: name, host: name, control: true } }, async (page) => {
    let dialogs = 0;
    page.on("dialog", (dialog) => {
      dialogs++;
      void dialog.dismiss();
    });
    await page.locator("#task-rows .name").filter({ hasText: name }).first().waitFor();
    await page.getByRole("button", { name: `Cancel ${name}` }).click();
    assert((await page.locator("#question-text").textContent())!.startsWith(name));
    await page.locator("#question-no").click();
    const places = await page.evaluate((name) => {
      const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
      let found = 0;
      while (walker.nextNode()) if (walker.currentNode.textContent!.includes(name)) found++;
      return found;
    }, name);
    assert(places >= 12, `it shows in ${places} places`);
    assertEquals(await page.locator("img").count(), 0);
    assertEquals(dialogs, 0);
  });
});

test("the arrow keys go through the tree and fold it, Home and End go to its ends, and Enter lists the tasks of a group", async () => {
  await withPage({ state: nested }, async (page, program) => {
    const press = (...keys: string[]): Promise<void> =>
      keys.reduce((before, key) => before.then(() => page.keyboard.press(key)), Promise.resolve());
    await page.locator("#tree [tabindex='0']").focus();
    assertEquals(await focused(page), "All tasks");
    await press("ArrowDown", "ArrowDown");
    assertEquals(await focused(page), "crawler");
    await press("ArrowLeft", "ArrowLeft");
    assertEquals(await focused(page), "main");
    assertEquals(await groupsOf(page), ["All tasks", "main", "crawler", "server"]);
    await press("ArrowLeft");
    assertEquals(await groupsOf(page), ["All tasks", "main", "server"]);
    await press("ArrowRight", "ArrowRight");
    assertEquals(await focused(page), "crawler");
    await press("End");
    assertEquals(await focused(page), "server, cancelling");
    await press("Enter", "Home");
    assertEquals(await focused(page), "All tasks");
    assertEquals(await page.locator("#tree [aria-selected=true] .name").textContent(), "server");
    await until(() => program.views.at(-1)?.group === 3, "the program was told of the group");
    assertEquals(await page.locator("#tree [tabindex='0']").count(), 1);
  });
});

test("an update makes no element again, and leaves the focus, what is marked and the scroll position as they were", async () => {
  const state = { ...nested, rows: madeTasks(mostRows), rowsTotal: mostRows };
  await withPage({ state, hello: { control: true } }, async (page, program) => {
    await page.locator("#task-rows tr").nth(mostRows - 1).waitFor();
    const select = page.getByLabel("Priority of task#100", { exact: true });
    await select.focus();
    const before = await page.evaluate(() => {
      const scroller = document.getElementById("task-scroller")!;
      getSelection()!.selectAllChildren(document.querySelector("#task-rows tr:nth-child(98) .name")!);
      const seen = { made: 0 };
      Object.assign(globalThis, { seen });
      new MutationObserver((changes) => seen.made += changes.length).observe(document.body, {
        childList: true,
        subtree: true,
      });
      return scroller.scrollTop;
    });
    assert(before > 0);
    program.send({ ...state, at: 1_250, rows: madeTasks(mostRows, { since: 1_800 }) });
    await page.locator("#task-rows .since").filter({ hasText: "1.8 s" }).first().waitFor();
    const [after, marked, made] = await page.evaluate(() => [
      document.getElementById("task-scroller")!.scrollTop,
      String(getSelection()),
      (globalThis as unknown as { seen: { made: number } }).seen.made,
    ]);
    assertEquals([after, marked, made], [before, "task#98", 0]);
    assertEquals(await focused(page), "Priority of task#100");
    // Those before it end, others come: it is not moved.
    const rows = [...madeTasks(mostRows).slice(50), madeTask(900)];
    program.send({ ...state, at: 1_500, rows, rowsTotal: rows.length });
    await page.locator("#task-rows .name").filter({ hasText: "task#900" }).waitFor();
    assertEquals(await focused(page), "Priority of task#100");
    program.send({ ...state, at: 1_750, rows: [madeTask(900)], rowsTotal: 1 });
    await page.locator("#task-rows tr").nth(1).waitFor({ state: "detached" });
    assertEquals(await focused(page), "task-scroller");
  });
});

for (const width of [1400, 768, 400, 375]) {
  test(`at ${width} pixels the page is as wide as its window, whatever is long in it`, async () => {
    const long = "a_name_that_nobody_would_give_".repeat(10);
    const pool = { name: long, size: 1, queued: 0, running: 0, completed: 0, failed: 0, runaway: 0 };
    const workers = [{ name: long, state: "busy", call: long, since: 100, calls: 1, served: 1 } as const];
    const server = { id: 1, url: long, ready: true, active: 1, queued: 0, completed: 123_456, rejected: 0, shed: 0 };
    const requests = [{ name: long, state: "running", age: 1, tasks: 1 } as const];
    const state = madeState({
      groups: [madeGroup(1, long), ...Array.from({ length: 30 }, (_, depth) => madeGroup(depth + 2, long, { depth }))],
      rows: [madeTask(1, { name: long, group: long, waitingFor: long, blockedBy: [long, long], deadline: 100_000 })],
      rowsTotal: 1_000,
      cycles: [[long, long]],
      loop: { ...nested.loop, longTurns: [{ who: long, duration: 1e7, ago: 1e7 }] },
      pools: [{ ...pool, workers }],
      servers: [{ ...server, timedOut: 0, failed: 0, requests }],
    });
    const options = { state, hello: { control: true, program: long }, context: { viewport: { width, height: 800 } } };
    await withPage(options, async (page) => {
      await page.locator("#servers tbody tr").waitFor();
      assertEquals(await page.evaluate(() => document.documentElement.scrollWidth), width);
    });
  });
}
