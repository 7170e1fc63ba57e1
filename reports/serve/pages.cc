#include "reports/serve/pages.h"

namespace reports {

std::string_view IndexPage() {
  return R"html(<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Readiness reports</title>
<link rel="stylesheet" href="/app.css">
</head>
<body>
<main>
<h1>Readiness reports</h1>
<p id="status" role="status">Loading</p>
<div class="wide"><table>
<thead><tr><th scope="col">Run</th><th scope="col">Started</th><th scope="col">Backend</th><th scope="col">Decision</th></tr></thead>
<tbody id="runs"></tbody>
</table></div>
</main>
<script src="/app.js"></script>
</body>
</html>
)html";
}

std::string_view RunPage() {
  return R"html(<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Run</title>
<link rel="stylesheet" href="/app.css">
</head>
<body>
<main>
<p><a href="/">All reports</a></p>
<h1 id="title">Run</h1>
<p id="status" role="status">Loading</p>
<p id="files"></p>
<div id="scenarios"></div>
</main>
<script src="/app.js"></script>
</body>
</html>
)html";
}

std::string_view SiteStyle() {
  return R"css(:root { color-scheme: light dark; --line: #8886; --good: #1a7f37; --bad: #cf222e; --open: #9a6700; }
@media (prefers-color-scheme: dark) { :root { --good: #3fb950; --bad: #f85149; --open: #d29922; } }
body { font: 1rem/1.5 system-ui, sans-serif; margin: 0; }
main { max-width: 70rem; margin: 0 auto; padding: 1rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .4rem .6rem; border-bottom: 1px solid var(--line); }
section { border-bottom: 1px solid var(--line); padding: .6rem 0; }
h2 { font-size: 1rem; margin: 0; overflow-wrap: anywhere; }
section p { margin: .2rem 0; overflow-wrap: anywhere; }
.passed, .READY { color: var(--good); }
.failed, .NOT { color: var(--bad); }
.inconclusive, .INCOMPLETE, .running { color: var(--open); }
svg { width: 100%; height: 2.2rem; display: block; }
svg line { stroke: var(--line); }
svg circle { fill: currentColor; }
)css";
}

// Text from a journal comes from anywhere: it only ever becomes the text of an element.
std::string_view SiteScript() {
  return R"js('use strict';
const byId = (id) => document.getElementById(id);
const make = (name, text, className) => {
  const element = document.createElement(name);
  if (text !== undefined) element.textContent = text;
  if (className) element.className = className;
  return element;
};
const getJson = async (url) => {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error('the server said ' + answer.status);
  return answer.json();
};

async function showRuns() {
  const { runs } = await getJson('/api/runs');
  byId('runs').replaceChildren(...runs.map((run) => {
    const row = make('tr');
    const link = make('a', run.runId || run.name);
    link.href = '/runs/' + encodeURIComponent(run.name) + '/';
    const first = make('td');
    first.append(link);
    const decision = run.live ? 'running' : run.decision || 'no report';
    const backend = run.simulated ? run.backend + ' (SIMULATED)' : run.backend;
    row.append(first, make('td', (run.started || '').slice(0, 19)), make('td', backend),
               make('td', decision, decision.split(' ')[0]));
    return row;
  }));
  byId('status').textContent = runs.length + (runs.length === 1 ? ' run' : ' runs');
}

const run = { file: '', after: 0, id: '', backend: '', ended: false, scenarios: new Map() };

function forget() {
  run.ended = false;
  run.scenarios.clear();
  byId('scenarios').replaceChildren();
}

function scenarioOf(id) {
  let scenario = run.scenarios.get(id);
  if (!scenario) {
    scenario = { id, title: '', state: 'not run', detail: '', events: [], changed: true };
    run.scenarios.set(id, scenario);
  }
  scenario.changed = true;
  return scenario;
}

function apply(record) {
  if (record.kind === 'run.start') {
    run.id = record.runId;
    run.backend = record.backend;
    for (const each of record.scenarios) {
      const scenario = scenarioOf(each.id);
      scenario.title = each.title;
      scenario.detail = each.reason || '';
    }
  }
  if (record.kind === 'run.end') run.ended = true;
  if (!record.kind.startsWith('scenario.')) return;
  const scenario = scenarioOf(record.id);
  if (record.kind === 'scenario.start') scenario.state = 'running';
  if (record.kind === 'scenario.phase') scenario.detail = record.phase;
  if (record.kind === 'scenario.note') scenario.detail = record.text;
  if (record.kind === 'scenario.event' && scenario.events.length < 2000) {
    scenario.events.push({ at: record.event.atNs / 1e9, name: record.event.name,
                           fields: JSON.stringify(record.event.fields) });
  }
  if (record.kind === 'scenario.end') {
    scenario.state = record.outcome;
    scenario.detail = record.reason;
  }
}

function timelineOf(scenario) {
  const ns = 'http://www.w3.org/2000/svg';
  const svg = document.createElementNS(ns, 'svg');
  const last = scenario.events[scenario.events.length - 1];
  const end = Math.max(1, ...scenario.events.map((event) => event.at));
  svg.setAttribute('viewBox', '0 0 1000 30');
  svg.setAttribute('preserveAspectRatio', 'none');
  svg.setAttribute('role', 'img');
  svg.setAttribute('aria-label', scenario.events.length + ' events, the last: ' + last.name +
                   ' at ' + last.at.toFixed(1) + ' s');
  const line = document.createElementNS(ns, 'line');
  for (const [key, value] of Object.entries({ x1: 0, x2: 1000, y1: 15, y2: 15 })) {
    line.setAttribute(key, value);
  }
  svg.append(line);
  for (const event of scenario.events) {
    const mark = document.createElementNS(ns, 'circle');
    mark.setAttribute('cx', (5 + 990 * event.at / end).toFixed(1));
    mark.setAttribute('cy', 15);
    mark.setAttribute('r', 5);
    const title = document.createElementNS(ns, 'title');
    title.textContent = event.at.toFixed(3) + ' s ' + event.name + ' ' + event.fields;
    mark.append(title);
    svg.append(mark);
  }
  return svg;
}

function draw(scenario) {
  const section = make('section');
  const heading = make('h2', scenario.id + ': ' + scenario.title);
  const state = make('p', scenario.state, scenario.state.split(' ')[0]);
  section.append(heading, state);
  if (scenario.detail) section.append(make('p', scenario.detail));
  if (scenario.events.length) section.append(timelineOf(scenario));
  if (scenario.element) scenario.element.replaceWith(section);
  else byId('scenarios').append(section);
  scenario.element = section;
  scenario.changed = false;
}

function showFiles(base, files) {
  const links = files.filter((name) => !name.startsWith('traces/')).map((name) => {
    const link = make('a', name);
    link.href = base + 'files/' + name.split('/').map(encodeURIComponent).join('/');
    return link;
  });
  byId('files').replaceChildren(...links.flatMap((link) => [link, ' ']));
}

async function showRun(name) {
  const api = '/api/runs/' + encodeURIComponent(name) + '/journal';
  let piece;
  do {
    piece = await getJson(api + '?file=' + encodeURIComponent(run.file) + '&after=' + run.after);
    if (piece.restarted) forget();
    run.file = piece.file;
    run.after = piece.next;
    piece.records.forEach(apply);
  } while (piece.more);
  byId('title').textContent = 'Run ' + run.id;
  document.title = 'Run ' + run.id;
  for (const scenario of run.scenarios.values()) if (scenario.changed) draw(scenario);
  const all = [...run.scenarios.values()];
  const count = (state) => all.filter((scenario) => scenario.state === state).length;
  const state = piece.live ? 'running' : run.ended ? 'ended' : 'INCOMPLETE: it broke off';
  byId('status').textContent = state + (run.backend === 'sim' ? ', SIMULATED' : '') + ': ' +
      count('passed') + ' passed, ' + count('failed') + ' failed, ' + count('inconclusive') +
      ' inconclusive, ' + count('running') + ' running, ' + count('not run') + ' not run';
  showFiles('/runs/' + encodeURIComponent(name) + '/', piece.files);
}

const path = location.pathname.split('/');
const show = path[1] === 'runs' ? () => showRun(decodeURIComponent(path[2])) : showRuns;
async function loop() {
  try {
    await show();
  } catch (error) {
    byId('status').textContent = 'Not up to date: ' + error.message;
  }
  setTimeout(loop, 1000);
}
loop();
)js";
}

}  // namespace reports
