/** The page: one file, nothing from elsewhere. Names, paths and lines of files are put in as text, never as markup. */

import { script } from "./page_script.ts";
import { style } from "./page_style.ts";

export const page: string = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<title>Millrace cluster</title>
<style>${style}</style>
<header>
  <h1>Millrace cluster <span id="folders"></span></h1>
  <span id="link" role="status">connecting</span>
</header>
<form id="form" role="search">
  <input type="search" id="query" aria-label="Regular expression to search for" placeholder="Search all files for a regular expression"
    autofocus autocomplete="off" spellcheck="false" maxlength="500">
  <button type="submit">Search</button>
</form>
<div class="track" aria-hidden="true"><div id="bar"></div></div>
<p class="note" id="note" role="status"></p>
<section aria-labelledby="workers-title">
  <div class="head"><h2 id="workers-title">Workers</h2><button type="button" id="start">Start a worker</button></div>
  <div id="workers"></div>
</section>
<dl class="numbers">
  <div><dt>queued</dt><dd id="queued">0</dd></div>
  <div><dt>running</dt><dd id="running">0</dd></div>
  <div><dt>done</dt><dd id="done">0</dd></div>
  <div><dt>run again</dt><dd id="again">0</dd></div>
  <div><dt>duplicates</dt><dd id="duplicates">0</dd></div>
  <div><dt>dead letters</dt><dd id="dead">0</dd></div>
</dl>
<div class="columns">
  <section aria-labelledby="results-title"><h2 id="results-title">Found</h2><ol id="results"></ol></section>
  <section aria-labelledby="log-title"><h2 id="log-title">What happened</h2><ol id="log"></ol></section>
</div>
<noscript><p class="note bad">This page needs JavaScript.</p></noscript>
<script>${script}</script>
</html>
`;
