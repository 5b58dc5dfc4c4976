/** How the page looks. */

export const style = `
  :root {
    color-scheme: light dark; --ground: #fbfaf8; --card: #fff; --ink: #22201d; --dim: #6f6a62; --line: #e4dfd7; --accent: #1f6f8b;
    --on-accent: #fff; --soft: #dcebf0; --bad: #b3372b; --bad-soft: #f8e3df; --again: #8a5a00; --again-soft: #fdf0d0; --mark: #ffe9a8;
  }
  @media (prefers-color-scheme: dark) {
    :root {
      --ground: #191817; --card: #22211f; --ink: #e8e4de; --dim: #a09a92; --line: #3a3733; --accent: #6fb7cf;
      --on-accent: #10181b; --soft: #213c45; --bad: #f08a7c; --bad-soft: #43241f; --again: #e9b949; --again-soft: #40331a; --mark: #6b5716;
    }
  }
  * { box-sizing: border-box; }
  body { font: 15px/1.5 system-ui, sans-serif; background: var(--ground); color: var(--ink); max-width: 68rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; }
  header, .head { display: flex; align-items: baseline; justify-content: space-between; gap: 1rem; }
  h1 { font-size: 1.25rem; margin: 0 0 1rem; min-width: 0; overflow-wrap: anywhere; }
  h1 span { color: var(--dim); font-weight: 400; }
  h2 { font-size: .95rem; margin: 1.2rem 0 .5rem; }
  #link { color: var(--dim); font-size: .8rem; white-space: nowrap; }
  #link.bad, .note.bad { color: var(--bad); }
  form { display: flex; gap: .5rem; }
  input { flex: 1; min-width: 0; font: inherit; color: inherit; background: var(--card); padding: .6rem .8rem; border: 1px solid var(--line); border-radius: .6rem; }
  button { font: inherit; color: inherit; background: var(--card); padding: .35rem .8rem; border: 1px solid var(--line); border-radius: .6rem; cursor: pointer; }
  button:hover { border-color: currentColor; }
  button[type=submit] { background: var(--accent); color: var(--on-accent); border-color: var(--accent); }
  button.kill { color: var(--bad); font-size: .85rem; padding: .15rem .6rem; }
  :focus-visible { outline: 2px solid var(--accent); outline-offset: 1px; }
  .head { align-items: center; margin: 1rem 0 .6rem; }
  .head h2 { margin: 0; }
  .track { height: 4px; border-radius: 2px; background: var(--line); margin: .7rem 0 .4rem; }
  .track > div { height: 100%; width: 0; border-radius: 2px; background: var(--accent); transition: width .2s; }
  .note { color: var(--dim); font-size: .85rem; margin: 0; min-height: 1.3rem; }
  #workers { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 19rem), 1fr)); gap: .7rem; }
  .worker { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; padding: .7rem .8rem; min-width: 0; }
  .worker.killed, .worker.ended { border-style: dashed; }
  .worker.killed { border-color: var(--bad); }
  .worker.killed h3, .worker.ended h3 { color: var(--dim); text-decoration: line-through; }
  .worker header { align-items: center; gap: .5rem; }
  .worker h3 { font-size: .95rem; margin: 0; }
  .worker small { color: var(--dim); font-size: .8rem; flex: 1; font-variant-numeric: tabular-nums; }
  .lane { margin-top: .5rem; height: 2.9rem; padding: .25rem .6rem; border-radius: .4rem; background: var(--ground); color: var(--dim); font-size: .8rem; overflow: hidden; }
  .lane.busy { background: var(--soft); color: var(--ink); }
  .lane.again { background: var(--again-soft); box-shadow: inset 3px 0 var(--again); }
  .lane.lost { background: var(--bad-soft); color: var(--bad); }
  .lane div { display: flex; justify-content: space-between; gap: .5rem; white-space: nowrap; }
  .lane span { overflow: hidden; text-overflow: ellipsis; }
  .lane b { font-weight: 600; font-variant-numeric: tabular-nums; }
  .numbers { display: grid; grid-template-columns: repeat(6, 1fr); gap: 1px; background: var(--line); border: 1px solid var(--line); border-radius: .6rem; overflow: hidden; margin: 1rem 0 0; }
  .numbers > div { background: var(--card); padding: .5rem .8rem; display: flex; flex-direction: column-reverse; }
  .numbers dd { margin: 0; font-weight: 700; font-size: 1.15rem; font-variant-numeric: tabular-nums; }
  .numbers dt { color: var(--dim); font-size: .8rem; }
  .columns { display: grid; grid-template-columns: minmax(0, 5fr) minmax(0, 3fr); gap: 1.5rem; }
  @media (max-width: 46rem) { .columns { grid-template-columns: minmax(0, 1fr); } .numbers { grid-template-columns: repeat(3, 1fr); } .columns section:last-child { order: -1; } }
  ol { list-style: none; margin: 0; padding: 0; }
  #results li { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; padding: .5rem .8rem; margin-bottom: .5rem; overflow-wrap: anywhere; }
  #results .path { color: var(--dim); font-size: .85rem; }
  #results .path b { color: var(--ink); font-weight: 600; }
  #results code { display: block; font: .82rem/1.5 ui-monospace, monospace; white-space: pre-wrap; }
  #results code i { color: var(--dim); font-style: normal; padding-right: 1em; user-select: none; }
  mark { background: var(--mark); color: inherit; border-radius: 2px; }
  #log { font-size: .82rem; color: var(--dim); max-height: 24rem; overflow-y: auto; }
  #log li { padding: .2rem 0; border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
  #log li:first-child { color: var(--ink); }
  #log time { font-variant-numeric: tabular-nums; padding-right: .6rem; }
`;
