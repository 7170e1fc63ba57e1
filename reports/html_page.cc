#include "reports/html_page.h"

namespace reports {

std::string_view PageStyle() {
  return R"css(
:root{color-scheme:light dark;--bg:#fbfbfa;--card:#fff;--ink:#1c2024;--soft:#5b646d;--line:#e3e5e8;
--ok:#1a7f4b;--okb:#e5f4eb;--bad:#b3261e;--badb:#fbe9e7;--mid:#8a5a00;--midb:#fdf1d8;--blue:#2f5fb3;--blueb:#dfe9f8;
--sh:0 1px 2px rgba(20,25,30,.06)}
@media(prefers-color-scheme:dark){:root:not([data-theme=light]){--bg:#14171a;--card:#1b1f23;--ink:#e6e8ea;--soft:#9aa4ad;--line:#2c3238;
--ok:#6fcf97;--okb:#17301f;--bad:#ff8f85;--badb:#3a1b18;--mid:#f0c05a;--midb:#352a10;--blue:#8db4f5;--blueb:#1c2c47;--sh:none}}
:root[data-theme=dark]{color-scheme:dark;--bg:#14171a;--card:#1b1f23;--ink:#e6e8ea;--soft:#9aa4ad;--line:#2c3238;
--ok:#6fcf97;--okb:#17301f;--bad:#ff8f85;--badb:#3a1b18;--mid:#f0c05a;--midb:#352a10;--blue:#8db4f5;--blueb:#1c2c47;--sh:none}
:root[data-theme=light]{color-scheme:light}
*{box-sizing:border-box}
html{scroll-padding-top:1rem}
body{margin:0;background:var(--bg);color:var(--ink);font:15px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif;overflow-wrap:anywhere}
main,header.top,footer{max-width:1080px;margin:0 auto;padding:0 1.25rem}
a{color:var(--blue)}
:focus-visible{outline:2px solid var(--blue);outline-offset:2px}
.skip{position:absolute;left:-999px}.skip:focus{left:1rem;top:1rem;background:var(--card);padding:.5rem 1rem}
h1,h2,h3{line-height:1.25;margin:0}
h2{font-size:1.2rem;margin:2.4rem 0 .8rem}
h3{font-size:.82rem;letter-spacing:.04em;color:var(--soft);font-weight:600;margin:1.3rem 0 .5rem}
code,.mono{font:.86em/1.5 ui-monospace,"SFMono-Regular",Menlo,Consolas,"DejaVu Sans Mono",monospace}
.soft{color:var(--soft)}
.bar{display:flex;gap:1rem;align-items:center;justify-content:space-between;padding:1rem 0 .7rem;color:var(--soft);font-size:.9rem}
.bar nav{display:flex;gap:.3rem 1.1rem;flex-wrap:wrap}
button,select{font:inherit;color:inherit;background:var(--card);border:1px solid var(--line);border-radius:6px;padding:.25rem .7rem;cursor:pointer}
.hero{background:var(--card);border:1px solid var(--line);border-left:8px solid var(--tone);border-radius:10px;padding:1.5rem 1.6rem;box-shadow:var(--sh)}
.hero h1{font-size:.95rem;font-weight:600;color:var(--soft)}
.word{font-size:clamp(2.2rem,7vw,3.4rem);font-weight:750;letter-spacing:-.01em;line-height:1.1;color:var(--tone);margin:.15rem 0 .4rem}
.t-ok{--tone:var(--ok)}.t-bad{--tone:var(--bad)}.t-mid{--tone:var(--mid)}
.lead{font-size:1.08rem;margin:0 0 .3rem}
.hero p{margin:.25rem 0}
.facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(130px,1fr));gap:1px;background:var(--line);border:1px solid var(--line);border-radius:8px;overflow:hidden;margin:1.2rem 0 0}
.facts div{background:var(--card);padding:.7rem .9rem}
.facts dt{font-size:.8rem;color:var(--soft)}.facts dd{margin:0;font-size:1.18rem;font-weight:650;font-variant-numeric:tabular-nums}
.facts small{display:block;font-size:.8rem;font-weight:400;color:var(--soft)}
.sim{margin:1rem 0 0;border:2px dashed var(--mid);background:var(--midb);border-radius:10px;padding:1rem 1.4rem}
.sim b{display:block;font-size:clamp(1.5rem,5vw,2.1rem);letter-spacing:.14em;color:var(--mid);line-height:1.2}
.warn{margin:1rem 0 0;border-left:5px solid var(--bad);background:var(--badb);padding:.7rem 1rem;border-radius:6px}
.rows{list-style:none;margin:0;padding:0;background:var(--card);border:1px solid var(--line);border-radius:10px;box-shadow:var(--sh)}
.rows>li{display:grid;grid-template-columns:7.2rem 1fr 15rem;gap:.2rem 1rem;padding:.85rem 1.1rem;border-top:1px solid var(--line)}
.rows>li:first-child{border-top:0}
.rows p{margin:0}
.rows .id{font-size:.8rem;color:var(--soft)}
.why{color:var(--bad);font-size:.92rem}
.chip{display:inline-block;white-space:nowrap;font-size:.8rem;font-weight:650;border-radius:99px;padding:.1rem .65rem;background:var(--line);color:var(--soft);align-self:start;justify-self:start}
.c-pass{background:var(--okb);color:var(--ok)}.c-fail{background:var(--badb);color:var(--bad)}.c-mid{background:var(--midb);color:var(--mid)}
.proof{font-size:.86rem;color:var(--soft)}
.side{font-size:.86rem;color:var(--soft);font-variant-numeric:tabular-nums}
.side svg{display:block;width:100%;height:8px;margin:.25rem 0}
details.s{background:var(--card);border:1px solid var(--line);border-radius:10px;margin:.5rem 0;box-shadow:var(--sh);content-visibility:auto;contain-intrinsic-size:auto 50px}
details.s[open]{contain-intrinsic-size:auto 900px}
details.s>summary{display:grid;grid-template-columns:7.2rem 6rem 1fr auto;gap:.2rem 1rem;padding:.65rem 1.1rem;cursor:pointer;list-style:none;align-items:baseline}
details.s>summary::-webkit-details-marker{display:none}
details.s>summary .t{font-weight:600}
.in{padding:0 1.1rem 1.1rem;border-top:1px solid var(--line)}
.x{overflow-x:auto}
.lanes{display:block;width:100%;min-width:720px;height:auto;font:11px system-ui,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
.lanes text{fill:var(--ink)}.lanes .ln,.lanes .tt,.lanes .sc{fill:var(--soft)}.lanes .tt{text-anchor:middle}.lanes .sc{text-anchor:end;font-size:9px}
.lanes .gr,.lanes .tk{stroke:var(--line);fill:none}
.bb{fill:var(--blueb);stroke:var(--blue)}.bg{fill:var(--okb);stroke:var(--ok)}.br,.bf{fill:var(--badb);stroke:var(--bad)}.by{fill:var(--midb);stroke:var(--mid)}
.st{stroke:var(--soft);stroke-width:2;fill:none}.wh{stroke:var(--soft);stroke-width:3;opacity:.45}
.cw{stroke:var(--blue);stroke-width:2;fill:none}.cs{stroke:var(--ok);stroke-width:2.2;fill:none}.cc{stroke:var(--mid);stroke-width:2.2;fill:none;stroke-dasharray:5 3}
.mg circle{fill:var(--ok)}.mr circle,.mb circle{fill:var(--bad)}.my circle{fill:var(--mid)}.ma circle{fill:var(--soft)}
.lanes .mg text,.lanes .mr text,.lanes .mb text,.lanes .my text,.lanes .ma text{fill:var(--card);text-anchor:middle;font-weight:700}
.mo path{stroke:var(--ink);stroke-dasharray:2 3;opacity:.55}.lanes .mo text{font-weight:650;font-size:10.5px}
.lanes .mo text{paint-order:stroke;stroke:var(--card);stroke-width:3px}
.trend{display:block;width:100%;max-width:560px;height:auto;font:11px system-ui,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
.trend text{fill:var(--soft)}.trend .sc,.trend .te{text-anchor:end}.trend .sc{font-size:10px}.trend .lt{fill:var(--bad);font-weight:650}
.trend .gr{stroke:var(--line);fill:none}.trend .li{stroke:var(--bad);stroke-dasharray:5 3;fill:none}.trend .tl{stroke:var(--blue);stroke-width:1.5;fill:none}
.key{font-size:.8rem;color:var(--soft);margin:.3rem 0 1rem}
.key i{font-style:normal;font-weight:700}.k-s{color:var(--ok)}.k-c{color:var(--mid)}.k-w{color:var(--blue)}
table{border-collapse:collapse;width:100%;font-size:.9rem}
th,td{text-align:left;vertical-align:top;padding:.4rem .8rem .4rem 0;border-top:1px solid var(--line);font-variant-numeric:tabular-nums}
th[scope=row]{white-space:nowrap}
th{font-weight:600;color:var(--soft);font-size:.82rem}thead th{border-top:0;overflow-wrap:normal}
.num{text-align:right;white-space:nowrap}
dl.p{display:grid;grid-template-columns:13rem 1fr;gap:.25rem 1rem;margin:0;font-size:.9rem}dl.p dt{color:var(--soft)}dl.p dd{margin:0}
.box{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:1rem 1.1rem;box-shadow:var(--sh)}
.both th:first-child{width:6.6rem}.both th:nth-child(2),.both th:nth-child(3){width:24%}.both .chip{margin-right:.3rem}
.both ul{margin:.3rem 0;padding-left:1.1rem;font-size:.86rem}
pre{white-space:pre-wrap;margin:.3rem 0;padding:.6rem .8rem;background:var(--bg);border:1px solid var(--line);border-radius:6px}
footer{padding:2rem 1.25rem 3rem;color:var(--soft);font-size:.86rem}
.hide{display:none}
@media(max-width:720px){body{font-size:16px}main,header.top,footer{padding-left:.9rem;padding-right:.9rem}
.hero{padding:1.1rem 1rem}.rows>li{grid-template-columns:1fr}.rows .chip{justify-self:start}
details.s>summary{grid-template-columns:auto 1fr}details.s>summary .t{grid-column:1/-1}.side{max-width:20rem}
dl.p{grid-template-columns:1fr}dl.p dt{margin-top:.35rem}
table.k thead{position:absolute;left:-9999px}table.k tr{display:block;border-top:1px solid var(--line);padding:.4rem 0}
table.k td{display:block;border:0;padding:.1rem 0;text-align:left}table.k td[data-l]:not(:empty)::before{content:attr(data-l) ": ";color:var(--soft)}}
@media print{:root{--bg:#fff;--card:#fff;--ink:#000;--soft:#444;--line:#bbb;--sh:none}body{font-size:10.5pt}
.bar,.skip,.noprint{display:none}details.s,.hero,.rows>li{break-inside:avoid}details.s{content-visibility:visible}.lanes{min-width:0}
main,header.top,footer{max-width:none;padding:0}*{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
)css";
}

std::string_view PageScript() {
  return R"js(
(function(){
var root=document.documentElement;
function all(q){return Array.prototype.slice.call(document.querySelectorAll(q));}
var theme=document.getElementById('theme');
if(theme){theme.hidden=false;theme.addEventListener('click',function(){
var dark=root.dataset.theme?root.dataset.theme==='dark':matchMedia('(prefers-color-scheme: dark)').matches;
root.dataset.theme=dark?'light':'dark';});}
var filter=document.getElementById('filter');
if(filter){filter.parentNode.hidden=false;filter.addEventListener('change',function(){
all('details.s').forEach(function(d){d.classList.toggle('hide',filter.value==='open'&&d.dataset.green==='1');});});}
function open(){var id=decodeURIComponent(location.hash.slice(1));var d=id&&document.getElementById(id);
if(d&&d.tagName==='DETAILS'){d.classList.remove('hide');d.open=true;d.scrollIntoView();}}
addEventListener('hashchange',open);open();
var was=[];
addEventListener('beforeprint',function(){was=all('details').filter(function(d){return !d.open;});was.forEach(function(d){d.open=true;});});
addEventListener('afterprint',function(){was.forEach(function(d){d.open=false;});});
})();
)js";
}

}  // namespace reports
