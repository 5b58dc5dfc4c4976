"use client";

import { useEffect } from "react";
import { useInPage } from "../program/page.js";

let began = false;

export function InBrowser() {
  useEffect(() => {
    if (began) return;
    began = true;
    const squares = document.querySelector("#squares").textContent;
    if (squares !== "0 1 4") console.log(`page: failed: the server has rendered ${squares}`);
    // Next makes a file of the worker's entry, which serves its functions itself.
    else void useInPage(() => new Worker(new URL("../program/worker.js", import.meta.url), { type: "module" }));
  }, []);
  return null;
}
