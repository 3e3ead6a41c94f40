import { Html } from './html';

/** Changed and peers are vermilion and blue of Okabe and Ito, which colour-blind people tell apart; on dark ground lighter ones. */
export const STYLE = new Html(`
:root { color-scheme: light dark; --ground: #f4f5f7; --card: #fff; --text: #1d2733; --quiet: #5b6775; --grid: #8896a544;
  --changed: #d55e00; --peers: #0072b2; --good: #0a7a53; --busy: #8a6100; --bad: #b3261e }
@media screen and (prefers-color-scheme: dark) { :root { --ground: #14181d; --card: #1e242b; --text: #e6e9ed; --quiet: #a3afbc; --grid: #8896a544;
  --changed: #f28e2b; --peers: #56b4e9; --good: #4cc38a; --busy: #e0b341; --bad: #ff8a80 } }
* { box-sizing: border-box }
body { margin: 0; background: var(--ground); color: var(--text); font: 15px/1.5 system-ui, sans-serif; overflow-wrap: anywhere }
main { max-width: 1100px; margin: 0 auto; padding: 1.5rem 1rem 3rem }
h1 { font-size: 1.5rem; margin: 0 } h2 { font-size: 1.15rem; margin: 0 0 .6rem } h3 { font-size: 1rem; margin: 0 }
p { margin: .4rem 0 }
section, header { background: var(--card); border-radius: 8px; padding: 1.1rem 1.3rem; margin: 0 0 1rem }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1.1rem; margin: .8rem 0 0 }
dt, .quiet, th, figcaption small { color: var(--quiet) } dd { margin: 0 }
table { border-collapse: collapse; width: 100% } th { font-weight: 500; text-align: left }
th, td { padding: .25rem .8rem .25rem 0; vertical-align: top; border-bottom: 1px solid var(--grid) }
.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums } td.nowrap { white-space: nowrap }
code { font: .9em ui-monospace, monospace; background: var(--ground); padding: .1em .35em; border-radius: 4px }
pre { font: .85em/1.4 ui-monospace, monospace; background: var(--ground); padding: .6em .8em; border-radius: 4px; margin: .4rem 0 1rem; white-space: pre-wrap } pre span { display: block; min-height: 1.4em }
pre.diff { font: .85em/1.45 ui-monospace, monospace; background: var(--ground); padding: .6em .8em; border-radius: 4px; white-space: pre-wrap; margin: .3rem 0 1rem }
.good { color: var(--good) } .busy { color: var(--busy) } .bad { color: var(--bad) }
.mark { display: inline-block; width: 1.3em; font-weight: 600 } .state { font-weight: 600 }
ul { list-style: none; margin: .5rem 0; padding: 0 }
.gate + .gate { border-top: 1px solid var(--grid); margin-top: 1.2rem; padding-top: 1.2rem }
.charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(320px, 1fr)); gap: 1rem; margin-top: .8rem }
figure { margin: 0; break-inside: avoid } figcaption { font-weight: 600; font-size: .9rem } figcaption small { font-weight: 400; margin-left: .5em }
svg { display: block; width: 100%; height: auto }
.key i { display: inline-block; width: 1.4em; height: 0; vertical-align: middle; margin: 0 .4em 0 1em; border-top: 3px solid } .key i:first-child { margin-left: 0 }
.key .changed { border-color: var(--changed) } .key .peers { border-top: 2px solid var(--peers) } .key .limit { border-top: 2px dashed var(--bad) }
.bar { position: relative; min-width: 180px; width: 35% } .bar i { position: absolute; top: .6em; height: .6em; min-width: 2px; border-radius: 2px; background: var(--peers) }
.bar i.failed { background: var(--bad) } .bar i.cut { background: var(--quiet) } .bar i.underWay { background: var(--busy) }
@media print { :root { color-scheme: light } body { background: none; font-size: 12px } main { max-width: none; padding: 0 } section, header { padding: .4rem 0; border-radius: 0 } tr { break-inside: avoid }
  .charts { grid-template-columns: 1fr 1fr } .bar i { print-color-adjust: exact; -webkit-print-color-adjust: exact } }
`);
