// Opens reports in a headless browser, as wide as a desk and as narrow as a phone, in light and dark,
// and looks for what a person would stumble over.
//   node check.mjs CHROMIUM SCREENSHOTS FOLDER...
import {createRequire} from 'node:module';
import {readFileSync, statSync} from 'node:fs';
import {basename, join, resolve} from 'node:path';

const require = createRequire(process.env.PEERS + '/');
const {chromium} = require('playwright-core');

const [executablePath, screenshots, ...folders] = process.argv.slice(2);
const widths = {desktop: [1280, 900], phone: [375, 800]};
const problems = [];
// A page holds at most 200 scenarios in full.
const mostBytes = 5_000_000;
const mostMilliseconds = 1000;

function expect(good, what) {
  if (!good) problems.push(what);
}

// What the drawing says of itself, and where its marks really are on the screen.
function readTimelines() {
  const all = [...document.querySelectorAll('details.s')];
  return [...document.querySelectorAll('svg.lanes')].map(svg => {
    const box = svg.getBoundingClientRect();
    const scale = box.width / 1000;
    const middle = node => {
      const r = node.getBoundingClientRect();
      return (r.left + r.width / 2 - box.left) / scale;
    };
    return {
      scenario: svg.closest('details').dataset.scenario,
      index: all.indexOf(svg.closest('details')),
      span: +svg.dataset.span,
      left: +svg.dataset.left,
      width: +svg.dataset.width,
      moments: [...svg.querySelectorAll('[data-moment]')].map(
          g => ({name: g.dataset.moment, t: +g.dataset.t, x: middle(g.querySelector('path'))})),
      marks: [...svg.querySelectorAll('g[data-t] > circle')].map(
          c => ({t: +c.parentNode.dataset.t, x: middle(c)})),
      ticks: [...svg.querySelectorAll('text[data-s]')].map(
          t => ({t: +t.dataset.s, x: middle(t)})),
    };
  });
}

// The trend of past runs: a mark for each that measured something, lower the less it took.
function checkTrend(trend, report, where) {
  const past = report.past?.trend ?? [];
  expect((trend !== null) === past.some(p => p.worst), `${where}: a trend of ${past.length} runs`);
  if (trend === null) return;
  const measured = past.filter(p => p.worst).length;
  const own = report.scenarios.some(s => s.measures.some(m => m.upperNs));
  expect(trend.marks.length === measured + (own ? 1 : 0), `${where}: ${trend.marks.length} marks`);
  expect(trend.label.includes(`of ${trend.marks.length} runs`), `${where}: says ${trend.label}`);
  const byTime = [...trend.marks].sort((a, b) => a.seconds - b.seconds);
  for (let i = 1; i < byTime.length; ++i) {
    expect(byTime[i].y <= byTime[i - 1].y + 0.5, `${where}: ${byTime[i].seconds} s is drawn too low`);
  }
}

function readTrend() {
  const svg = document.querySelector('svg.trend');
  return svg && {
    label: svg.getAttribute('aria-label'),
    marks: [...svg.querySelectorAll('[data-s]')].map(
        g => ({seconds: +g.dataset.s, y: g.querySelector('circle').getBoundingClientRect().top})),
  };
}

function checkTimelines(timelines, report, where) {
  for (const line of timelines) {
    const at = seconds => line.left + seconds / line.span * line.width;
    const place = `${where} ${line.scenario}`;
    for (const mark of [...line.moments, ...line.marks]) {
      expect(Math.abs(mark.x - at(mark.t)) < 1.5, `${place}: a mark of ${mark.t} s is at ${mark.x}`);
    }
    for (const tick of line.ticks) {
      expect(Math.abs(tick.x - at(tick.t)) < 1.5, `${place}: tick ${tick.t} is at ${tick.x}`);
    }
    // The moments themselves are those of report.json, which the page does not know.
    const names = ['fault', 'detected', 'aborted', 'restored', 'steady'];
    const expected = report.scenarios[line.index].moments;
    expect(expected.length === line.moments.length, `${place}: other moments than in report.json`);
    for (const moment of expected) {
      const drawn = line.moments.find(m => m.name === 't' + names.indexOf(moment.name));
      expect(drawn && Math.abs(drawn.t - moment.atNs / 1e9) < 0.001, `${place}: ${moment.name}`);
    }
    expect(line.ticks.length > 2, `${place}: no scale`);
  }
}

async function look(browser, folder, width, colors) {
  const where = `${basename(folder)} on ${width} in ${colors}`;
  const report = JSON.parse(readFileSync(join(folder, 'report.json'), 'utf8'));
  const file = 'file://' + resolve(folder, 'report.html');
  const [w, h] = widths[width];
  const context = await browser.newContext(
      {viewport: {width: w, height: h}, colorScheme: colors, isMobile: width === 'phone'});
  const page = await context.newPage();
  page.setDefaultTimeout(180_000);  // screenshots of long pages, on a busy machine
  page.on('console', m => expect(m.type() !== 'error' && m.type() !== 'warning',
                                 `${where}: console: ${m.text()}`));
  page.on('pageerror', e => expect(false, `${where}: ${e}`));
  page.on('dialog', d => { expect(false, `${where}: dialog ${d.message()}`); d.dismiss(); });
  page.on('request', r => expect(r.url() === file, `${where}: asks for ${r.url()}`));

  const devtools = await context.newCDPSession(page);
  await devtools.send('Performance.enable', {timeDomain: 'threadTicks'});
  const begin = performance.now();
  await page.goto(file, {waitUntil: 'load'});
  await page.evaluate(() => new Promise(done => requestAnimationFrame(() => setTimeout(done))));
  const {metrics} = await devtools.send('Performance.getMetrics');
  const took = {
    all: performance.now() - begin,
    work: 1000 * metrics.find(m => m.name === 'TaskDuration').value,
  };

  const decision = await page.textContent('#decision');
  expect(decision === report.decision, `${where}: says ${decision}`);
  const label = await page.locator('section.sim b').count();
  expect((label === 1) === report.simulated, `${where}: SIMULATED is there ${label} times`);
  const rows = await page.$$eval('[data-row]', all => all.map(e => e.dataset.row));
  expect(rows.length === report.checklist.length, `${where}: ${rows.length} rows`);
  const shown = await page.$$eval('details.s', all => all.length);
  expect(shown === Math.min(200, report.scenarios.length), `${where}: ${shown} scenarios`);

  if (colors === 'light') {
    await page.screenshot({path: join(screenshots, `${basename(folder)}-${width}.png`)});
  }

  // By keyboard: the first stop skips to the checklist; links open what they point at.
  await page.keyboard.press('Tab');
  const first = await page.evaluate(() => document.activeElement.className);
  expect(first === 'skip', `${where}: the first stop is ${first}`);
  const link = page.locator('.rows a').first();
  if (await link.count() > 0) {
    await link.focus();
    await page.keyboard.press('Enter');
    const open = page.waitForFunction(
        () => location.hash && document.getElementById(location.hash.slice(1))?.open === true);
    await open.catch(() => expect(false, `${where}: a link opens nothing`));
  }

  // Everything open: nothing is wider than the screen, and the marks are where their times are.
  await page.evaluate(() => document.querySelectorAll('details').forEach(d => { d.open = true; }));
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  expect(wide <= 0, `${where}: ${wide} pixels wider than the screen`);
  if (report.scenarios.length <= 50) {
    await page.evaluate(() => document.querySelectorAll('details.s').forEach(
        d => d.style.setProperty('content-visibility', 'visible')));
    const timelines = await page.evaluate(readTimelines);
    checkTimelines(timelines, report, where);
    await page.screenshot({path: join(screenshots, `${basename(folder)}-${width}-${colors}-open.png`),
                           fullPage: true});
  }
  checkTrend(await page.evaluate(readTrend), report, where);
  const names = await page.$$eval('svg[role=img],[role=region],button,select', all => all.filter(
      e => !(e.getAttribute('aria-label') || e.textContent.trim())).length);
  expect(names === 0, `${where}: ${names} parts have no name`);
  await context.close();
  return took;
}

const browser = await chromium.launch({executablePath, args: ['--no-sandbox']});
let looked = 0;
for (const folder of folders) {
  const bytes = statSync(join(folder, 'report.html')).size;
  expect(bytes < mostBytes, `${basename(folder)}: report.html is of ${bytes} bytes`);
  let quickest = Infinity;
  for (const width of Object.keys(widths)) {
    for (const colors of ['light', 'dark']) {
      const before = problems.length;
      const took = await look(browser, folder, width, colors);
      ++looked;
      quickest = Math.min(quickest, took.work);
      console.log(`${basename(folder)} ${width} ${colors}: ` +
                  `${problems.length === before ? 'fine' : 'WRONG'}, open after ${took.all.toFixed(0)} ms, ` +
                  `of which it worked ${took.work.toFixed(0)} ms`);
    }
  }
  // The work alone, as the machine may have something else to do.
  expect(quickest < mostMilliseconds,
         `${basename(folder)}: works for ${quickest.toFixed(0)} ms until it is open`);
}
await browser.close();
for (const problem of problems.slice(0, 50)) console.error(problem);
console.log(`${looked} pages looked at, ${problems.length} problems`);
process.exit(problems.length === 0 ? 0 : 1);
