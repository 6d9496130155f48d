/** The report's whole look. Nothing in it is fetched from anywhere. */
export const reportStyle = `
:root {
  color-scheme: light dark;
  --paper: #fcfbf8; --ink: #22211e; --quiet: #63605a; --line: #dedad1; --panel: #f4f1ea;
  --well: #1c6b40; --bad: #a42a1c; --warn: #7d5600; --plot: #35688f;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #17181a; --ink: #e8e5df; --quiet: #a5a198; --line: #36383b; --panel: #1f2123;
    --well: #7fcf9d; --bad: #ff9c8c; --warn: #e5bd67; --plot: #8dbfe6;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body {
  margin: 0 auto; padding: 2.5rem 1.5rem 3rem; max-width: 68rem;
  background: var(--paper); color: var(--ink);
  font: 1rem/1.5 system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'Liberation Sans', sans-serif;
  font-variant-numeric: tabular-nums; overflow-wrap: break-word;
}
h1, h2, h3, p, ul, dl, table { margin: 0; }
.eyebrow, small, .quiet, figcaption, caption, th, dt { color: var(--quiet); }
.eyebrow { font-size: 0.9rem; }
h1 { margin: 0.35rem 0 0.6rem; font-size: clamp(1.7rem, 1.1rem + 2.6vw, 2.6rem); font-weight: 650; line-height: 1.15; letter-spacing: -0.015em; }
h2 { margin: 3rem 0 0.2rem; padding-top: 1.1rem; border-top: 2px solid var(--ink); font-size: 1.45rem; font-weight: 650; line-height: 1.25; }
h3, .part caption { margin: 0; padding: 0; font-size: 1.05rem; font-weight: 650; color: var(--ink); text-align: left; }
.part { margin-top: 2rem; }
.part > h3, .part caption { margin-bottom: 0.5rem; padding-bottom: 0.5rem; }
.part > h3 { padding-bottom: 0; }
.tally { display: block; margin: 0 0 1rem; }
.tally .is-well { fill: var(--well); }
.tally .is-bad { fill: none; stroke: var(--bad); stroke-width: 2; }
.well { color: var(--well); }
.bad { color: var(--bad); }
.warn { color: var(--warn); }
.note { margin-top: 0.6rem; padding-left: 0.9rem; border-left: 3px solid var(--warn); }
.plain { padding: 0; list-style: none; }
h1, h2, header p, li, code, .name, .names, .where { overflow-wrap: anywhere; }
time, th { white-space: nowrap; }
code, .where dd { font: 0.875em/1.5 ui-monospace, 'SF Mono', 'Cascadia Mono', 'DejaVu Sans Mono', 'Liberation Mono', monospace; }
.mends li { padding: 0.75rem 1rem; background: var(--panel); border-left: 3px solid var(--warn); }
.mends li + li { margin-top: 0.5rem; }
.mends .is-bad { border-left-color: var(--bad); }
.mends code { display: block; margin-top: 0.25rem; white-space: pre-wrap; user-select: all; }
table { width: 100%; border-collapse: collapse; }
th { padding: 0 1rem 0.35rem 0; font-size: 0.82rem; font-weight: 500; text-align: left; vertical-align: bottom; border-bottom: 1px solid var(--line); }
td { padding: 0.7rem 1rem 0.7rem 0; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line); }
th:last-child, td:last-child { padding-right: 0; }
td small, .name small { display: block; font-size: 0.85rem; }
.name { min-width: 9rem; font-weight: 600; }
.name small { font-weight: 400; }
.brief { white-space: nowrap; }
.number { text-align: right; }
.plot { display: block; max-width: 100%; overflow: visible; }
.plot .area { fill: var(--plot); opacity: 0.16; }
.plot .line { fill: none; stroke: var(--plot); stroke-width: 1.6; stroke-linejoin: round; }
.plot .end { fill: var(--plot); }
.where > div { padding: 0.4rem 0; }
.where dd { margin: 0; }
footer { margin-top: 3.5rem; padding-top: 1rem; border-top: 1px solid var(--line); color: var(--quiet); font-size: 0.85rem; }
a { color: inherit; text-underline-offset: 0.15em; }
@media screen and (max-width: 52rem) {
  body { padding: 1.5rem 1.1rem 2rem; }
  table, tbody, tr, td, caption { display: block; }
  thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  tr { padding: 0.8rem 0; border-bottom: 1px solid var(--line); }
  td { display: grid; grid-template-columns: 8.2rem minmax(0, 1fr); gap: 0.6rem; padding: 0.2rem 0; border: 0; }
  td::before { content: attr(data-label); color: var(--quiet); font-size: 0.85rem; line-height: 1.75; }
  td.name { display: block; padding-bottom: 0.3rem; font-size: 1.05rem; }
  td.name::before { content: none; }
  td.number { text-align: left; }
  td.empty { display: none; }
}
@media print {
  :root { --paper: #fff; --ink: #000; --quiet: #444; --line: #bbb; --panel: #f3f3f3; --well: #0b5a2e; --bad: #8c1c10; --warn: #694800; --plot: #24567c; }
  html { font-size: 9.5pt; }
  body { padding: 0; max-width: none; }
  h2 { margin-top: 2rem; }
  h2 { break-after: avoid; }
  tr, li, .where > div { break-inside: avoid; }
}
`
