/** How the report looks, in light and dark, on a phone and on a wide screen. */
export const style = `
:root {
  color-scheme: light dark;
  --ground: #ffffff; --ink: #1d2327; --dim: #5a646b; --rule: #c9d0d4; --shade: #f3f5f6;
  --ours: #0b6e4f; --floor: #6b7680; --peer: #b9c3ca; --limit: #b3261e; --met: #0b6e4f; --missed: #b3261e; --link: #0a5ca8;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #14181b; --ink: #e6eaec; --dim: #a3adb3; --rule: #3c464c; --shade: #1d2327;
    --ours: #3fbf8f; --floor: #8b979f; --peer: #4b575f; --limit: #ff8a80; --met: #56cf9f; --missed: #ff8a80; --link: #7db8f0;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 1.25rem 1rem 4rem; max-width: 82rem;
  background: var(--ground); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif;
}
a { color: var(--link); }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 0 0.5rem; }
h2 { font-size: 1.35rem; margin: 3rem 0 0.5rem; padding-top: 1rem; border-top: 2px solid var(--rule); }
h3 { font-size: 1.1rem; margin: 2rem 0 0.25rem; }
p { margin: 0.25rem 0 0.75rem; max-width: 48rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0.1rem 1rem; margin: 1rem 0; }
dt { color: var(--dim); }
dd { margin: 0; }
.legend { display: flex; flex-wrap: wrap; gap: 0.25rem 1.25rem; list-style: none; margin: 0.75rem 0; padding: 0; }
.legend svg { width: 1.6em; height: 0.8em; margin-right: 0.4em; }
.claim { display: grid; grid-template-columns: minmax(0, 1fr); gap: 1rem; align-items: start; }
figure { margin: 0; }
figure svg { display: block; width: 100%; max-width: 28rem; height: auto; font-family: system-ui, sans-serif; }
.scroll { overflow-x: auto; }
.scroll:focus-visible, a:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
table { border-collapse: collapse; font-size: 0.85rem; line-height: 1.35; min-width: 100%; }
th, td { padding: 0.25rem 0.6rem; text-align: left; vertical-align: top; border-bottom: 1px solid var(--rule); }
thead th { color: var(--dim); font-weight: 600; }
td.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
tbody th { font-weight: 400; min-width: 9rem; }
td.target { min-width: 10rem; }
tr.host th { background: var(--shade); font-weight: 600; }
tr.ours th { font-weight: 600; }
.spread { display: block; color: var(--dim); }
.met, .missed { font-weight: 600; white-space: nowrap; }
.met { color: var(--met); }
.missed { color: var(--missed); }
.verdict { display: block; }
@media (min-width: 70rem) {
  .claim { grid-template-columns: 28rem minmax(0, 1fr); gap: 2rem; }
}
@media print {
  .claim { break-inside: avoid; }
}
`;
