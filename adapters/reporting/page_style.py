"""The style of the report's page."""

STYLE = """
:root { color-scheme: light dark; --ink: #1b1f24; --dim: #5d6773; --line: #d8dee4;
  --paper: #fff; --made: #2f6feb; --cached: #2da44e; --base: #8c959f; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --dim: #9aa5b1;
  --line: #30363d; --paper: #0d1117; --made: #58a6ff; --cached: #3fb950; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, sans-serif; }
main { max-width: 1000px; margin: 0 auto; padding: 1.5rem 1rem 4rem; }
h1 { font-size: 1.4rem; margin: 0 0 .5rem; overflow-wrap: anywhere; }
h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; border-bottom: 1px solid var(--line); }
h3 { font-size: 1rem; margin: 1rem 0 .25rem; }
code, pre { font: 13px/1.45 ui-monospace, monospace; overflow-wrap: anywhere; }
pre { white-space: pre-wrap; margin: .5rem 0; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem 1rem; margin: 0 }
dt { color: var(--dim); } dd { margin: 0; overflow-wrap: anywhere; }
ul, ol { list-style: none; margin: 0; padding: 0; }
.tiles { display: grid; gap: .5rem;
  grid-template-columns: repeat(auto-fill, minmax(8.5rem, 1fr)); }
.tiles li { border: 1px solid var(--line); border-radius: 6px; padding: .4rem .7rem; }
.tiles li > * { display: block; }
small, .facts, .number { color: var(--dim); font-size: 13px; }
.steps li { display: grid; grid-template-columns: 1fr max-content; gap: 0 1rem;
  padding: .3rem 0; }
.track { grid-column: 1 / -1; position: relative; height: 6px; border-radius: 3px;
  background: var(--line); overflow: hidden; }
.track i { position: absolute; top: 0; bottom: 0; border-radius: 3px;
  background: var(--made); }
.track i.cached, .track i.cache { background: var(--cached); }
.track i.base { background: var(--base); }
.layers summary { display: grid; cursor: pointer; gap: 0 .7rem; align-items: baseline;
  grid-template-columns: 1.5rem 3.5rem max-content max-content 1fr; padding: .3rem 0; }
.layers summary code { min-width: 0; }
.layers summary b::after { content: " \\25be"; color: var(--dim); }
.layers p, .layers table { margin: .2rem 0 .6rem 2.2rem; }
td { padding: .1rem 1rem .1rem 0; vertical-align: top; }
@media (max-width: 640px) { dl { grid-template-columns: 1fr; } dt { margin-top: .4rem; }
  .steps li { grid-template-columns: 1fr; }
  .layers summary { grid-template-columns: 1.5rem 3.5rem 1fr; }
  .layers summary small, .layers summary code { grid-column: 2 / -1; } }
"""
