/**
 * How the page looks: light and dark, wide and narrow, on paper.
 *
 * @module
 */

/** The style of the page. */
export const style = `
:root {
  color-scheme: light dark;
  --ground: #f6f7f5; --card: #ffffff; --ink: #1b2221; --dim: #56625f; --rule: #dbe0dd; --track: #e8ecea;
  --good: #0b6e4f; --good-soft: #dcefe7; --bad: #b3261e; --bad-soft: #fbe4e1; --odd: #8a5a00; --odd-soft: #fbeed3;
  --main: #2f6f8f; --main-soft: #b9d3df;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #121716; --card: #1a2120; --ink: #e5eae8; --dim: #9daba7; --rule: #2e3836; --track: #27302e;
    --good: #58cf9f; --good-soft: #143529; --bad: #ff8f85; --bad-soft: #44201d; --odd: #f0b95a; --odd-soft: #3b2c10;
    --main: #6fb6d8; --main-soft: #2c5466;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0; background: var(--ground); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif;
  font-variant-numeric: tabular-nums;
}
main { margin: 0 auto; padding: 1.75rem 1.25rem 4rem; max-width: 76rem; }
header { display: flex; flex-wrap: wrap; align-items: baseline; gap: .35rem 1rem; margin-bottom: 1.25rem; }
h1 { font-size: 1.75rem; line-height: 1.2; margin: 0; overflow-wrap: anywhere; }
h2 { font-size: 1.05rem; margin: 0 0 .75rem; }
h3 { font-size: .9rem; margin: 1.25rem 0 .4rem; color: var(--dim); font-weight: 600; }
p { margin: 0 0 .75rem; }
header p { flex-basis: 100%; color: var(--dim); margin: 0; }
code, pre { font: .85rem/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
pre { margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; }
.pill { border-radius: 99px; padding: .15rem .8rem; font-weight: 600; font-size: .95rem; }
.pill.good { background: var(--good-soft); color: var(--good); }
.pill.bad { background: var(--bad-soft); color: var(--bad); }
.pill.odd { background: var(--odd-soft); color: var(--odd); }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(8.5rem, 1fr)); gap: .75rem; margin: 0 0 1rem; }
.tiles div, section { background: var(--card); border: 1px solid var(--rule); border-radius: .6rem; }
.tiles div { padding: .65rem .9rem; display: flex; flex-direction: column-reverse; }
.tiles dt { color: var(--dim); font-size: .82rem; }
.tiles dd { margin: 0; font-size: 1.3rem; line-height: 1.3; font-weight: 600; }
section { padding: 1.1rem 1.25rem 1.2rem; min-width: 0; }
section.failure { border-left: .3rem solid var(--bad); margin-bottom: 1rem; }
.failure h2 { overflow-wrap: anywhere; }
.cards section { margin-bottom: 1rem; break-inside: avoid; }
.token { display: block; background: var(--track); border-radius: .4rem; padding: .5rem .7rem; overflow-wrap: anywhere; }
.note { color: var(--dim); font-size: .88rem; }
ol.faults { margin: 0; padding-left: 1.4rem; }
ol.faults li::marker { color: var(--bad); font-weight: 600; }
ol.faults li { overflow-wrap: anywhere; }
.bars { display: grid; gap: .55rem; margin: 0; padding: 0; list-style: none; }
.bars li { display: grid; grid-template-columns: minmax(0, 1fr) auto; gap: .05rem .75rem; font-size: .9rem; }
.bars .name { overflow-wrap: anywhere; }
.bars .value { color: var(--dim); text-align: right; }
.bars svg { grid-column: 1 / -1; display: block; width: 100%; height: .55rem; }
.bars .bad, .bars .bad .value { color: var(--bad); font-weight: 600; }
.bars .odd, .bars .odd .value { color: var(--odd); font-weight: 600; }
svg { overflow: visible; }
.track { fill: var(--track); }
.all { fill: var(--main-soft); }
.part { fill: var(--main); }
.grow { fill: var(--main-soft); stroke: none; }
.line { fill: none; stroke: var(--main); stroke-width: 2; vector-effect: non-scaling-stroke; }
.plot { display: block; width: 100%; height: 9rem; overflow: hidden; border-bottom: 1px solid var(--rule); }
.axis { display: flex; justify-content: space-between; color: var(--dim); font-size: .82rem; }
.lanes { display: block; width: 100%; }
.lanes text { fill: var(--dim); font-size: .8rem; }
.lanes .lane { stroke: var(--rule); stroke-width: 2; }
.lanes .event { fill: var(--main); }
.lanes .fault { stroke: var(--bad); stroke-width: 2.5; stroke-linecap: round; }
.lanes .mark { fill: var(--good); }
.lanes .end { fill: var(--bad); }
.legend { display: flex; flex-wrap: wrap; gap: .2rem 1.1rem; list-style: none; margin: .4rem 0 .9rem; padding: 0; color: var(--dim); font-size: .82rem; }
.legend svg { display: inline-block; width: .9rem; height: .9rem; vertical-align: -.12rem; margin-right: .3rem; }
.scroll { overflow-x: auto; }
.scroll:focus-visible { outline: 2px solid var(--main); outline-offset: 3px; }
table { border-collapse: collapse; width: 100%; font-size: .86rem; line-height: 1.35; }
th, td { padding: .28rem .7rem .28rem 0; text-align: left; vertical-align: top; border-bottom: 1px solid var(--rule); }
th { color: var(--dim); font-weight: 600; }
td.number, th.number { text-align: right; white-space: nowrap; }
td.time { white-space: nowrap; color: var(--dim); text-align: right; width: 1%; }
table.run td + td { min-width: 9rem; overflow-wrap: anywhere; }
table.run tr:last-child td { border-bottom: none; }
tr.fault td + td, tr.end td + td { color: var(--bad); font-weight: 600; }
tr.mark td + td { color: var(--good); }
tr.gap td { color: var(--dim); font-style: italic; }
tr.console td + td { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
details > summary { cursor: pointer; color: var(--dim); font-size: .9rem; font-weight: 600; margin: 1.25rem 0 .4rem; }
details > summary:focus-visible { outline: 2px solid var(--main); outline-offset: 3px; }
@media (min-width: 60rem) {
  .cards { columns: 2; column-gap: 1rem; }
}
@media (max-width: 30rem) {
  main { padding: 1.1rem .8rem 3rem; }
  h1 { font-size: 1.4rem; }
  section { padding: .9rem; }
  .tiles { grid-template-columns: repeat(2, minmax(0, 1fr)); gap: .5rem; }
  .tiles dd { font-size: 1.1rem; }
  .bars li { grid-template-columns: minmax(0, 1fr); }
  .bars .value { text-align: left; }
}
@media print { section, .tiles div { break-inside: avoid; } }
`;
