// Draws the page of an sgd scenario from its report (result.json), which stands in the page itself. Nothing is loaded.
"use strict";
(() => {
  const report = JSON.parse(document.getElementById("report").textContent);
  const palette = ["#2b6cb0", "#c05621", "#2f855a", "#b83280", "#6b46c1", "#975a16", "#0987a0", "#c53030", "#4a5568",
    "#68a300", "#d53f8c", "#3c366b", "#dd6b20", "#285e61"];
  const variants = report.variants.map((v, i) => ({...v, color: palette[i % palette.length], shown: true}));
  const state = document.documentElement.dataset;
  state.series = state.bars = state.spans = state.blocked = 0;
  document.addEventListener("securitypolicyviolation", () => { state.blocked++; });  // something wanted to be loaded

  const element = (tag, attributes = {}, ...children) => {
    const node = document.createElement(tag);
    for (const [key, value] of Object.entries(attributes)) {
      if (key.startsWith("on")) node.addEventListener(key.slice(2), value); else node.setAttribute(key, value);
    }
    node.append(...children);
    return node;
  };
  const body = document.body;
  const add = (...nodes) => body.append(...nodes);
  const number = (x, digits = 4) => x === undefined || x === null ? "-" : Number(x.toPrecision(digits)).toString();
  const seconds = (x) => x === undefined || x === null ? "-" : x >= 1 || x === 0 ? number(x) + " s"
    : x >= 1e-3 ? number(x * 1e3) + " ms" : number(x * 1e6) + " us";

  // Head: question, set-up, verdict, warnings.
  add(element("h1", {}, report.scenario));
  if (report.question) add(element("p", {}, report.question));
  if (report.look_at) add(element("p", {class: "soft"}, "Look at: " + report.look_at));
  add(element("p", {class: "soft"}, `${report.learners} learners, batch ${report.batch} each; ${report.problem} on ` +
    `${report.data}; compute time ${report.compute_time}, mean ${seconds(report.compute_mean_s)}; ${report.aggregation}; ` +
    `${report.seeds} seeds`));
  if (report.verdict) add(element("p", {class: "verdict"}, report.verdict));
  for (const warning of report.warnings || []) add(element("p", {class: "warning"}, "Warning: " + warning));

  // Curves: mean over the seeds with a band from the 2.5 % to the 97.5 % point.
  const times = variants.map((v) => v.curve).reduce((a, b) => (b.length > a.length ? b : a), []).map((p) => p.time_s);
  const column = (curve, key) => times.map((_, i) => {
    const value = i < curve.length ? curve[i][key] : undefined;
    return value === undefined || !isFinite(value) ? null : value;
  });
  const charts = [];
  function curves(title, key, logarithmic) {
    const data = [times], series = [{label: "time", value: (u, x) => seconds(x)}], bands = [];
    for (const v of variants) {
      const at = data.length;
      data.push(column(v.curve, key + "_high"), column(v.curve, key), column(v.curve, key + "_low"));
      const edge = {stroke: "transparent", points: {show: false}, label: ""};
      series.push({...edge}, {label: v.label, stroke: v.color, width: 2, points: {show: false},
        value: (u, y) => number(y)}, {...edge});
      bands.push({series: [at, at + 2], fill: v.color + "26"});
    }
    const place = element("div", {class: "curve"});
    add(element("h2", {}, title), place);
    const drawn = new Set();
    const chart = new uPlot({
      width: Math.min(1120, body.clientWidth - 8), height: 380, series, bands, legend: {show: false},
      scales: {x: {time: false}, y: {distr: logarithmic ? 3 : 1}},
      axes: [{label: "simulated time (s)"}, {label: title.toLowerCase(), size: 70}],
      cursor: {drag: {x: true, y: true}},
      hooks: {drawSeries: [(u, i) => { if (i % 3 === 2 && !drawn.has(i)) { drawn.add(i); state.series++; } }]},
    }, data, place);
    charts.push({chart, logarithmic});
    return chart;
  }
  function choices(onchange) {
    const row = element("div", {class: "controls"});
    for (const [i, v] of variants.entries()) {
      const box = element("input", {type: "checkbox", checked: "", onchange: () => { v.shown = box.checked; onchange(i, v); }});
      row.append(element("label", {}, box, element("span", {class: "swatch", style: `background:${v.color}`}), v.label));
    }
    return row;
  }
  if (times.length > 0) {
    add(choices((i, v) => charts.forEach(({chart}) => {
      for (let s = 3 * i + 1; s <= 3 * i + 3; s++) chart.setSeries(s, {show: v.shown});
    })));
    add(element("p", {class: "soft"}, "Lines: mean over the seeds; bands: 2.5 % to 97.5 % of them. Drag to zoom, double click to reset."));
    const positive = variants.every((v) => v.curve.every((p) => p.loss_low > 0));
    curves("Training loss", "loss", positive);
    if (variants.some((v) => v.curve.some((p) => p.accuracy !== undefined && p.accuracy !== null))) {
      curves("Test accuracy", "accuracy", false);
    }
  }

  // Table.
  const rows = variants.map((v) => [v.label, seconds(v.iteration_expected_s), seconds(v.iteration_s),
    number(v.staleness_expected, 3), number(v.staleness, 3), number(v.updates, 5), number(v.epochs, 3),
    v.scaling_efficiency === undefined || v.scaling_efficiency === null ? "-" : (100 * v.scaling_efficiency).toFixed(0) + " %", (100 * v.wasted_share).toFixed(0) + " %",
    (100 * v.waited_share).toFixed(0) + " %", (100 * v.communicated_share).toFixed(0) + " %",
    ...(v.targets || []).map((t) => t.median_s === undefined || t.median_s === null ? `${t.reached}/${report.seeds}` : seconds(t.median_s))]);
  const heads = ["variant", "E[T] theory", "E[T] simulated", "staleness theory", "simulated", "updates", "epochs", "t1/tN",
    "wasted", "waiting", "messages", ...((variants[0] || {}).targets || []).map((t) => "time to " + t.target)];
  add(element("h2", {}, "Numbers"), element("div", {class: "wide"}, element("table", {},
    element("tr", {}, ...heads.map((h) => element("th", {}, h))),
    ...rows.map((r) => element("tr", {}, ...r.map((c) => element("td", {}, c)))))));

  // Staleness: one small chart per variant that has any.
  const stale = variants.filter((v) => (v.staleness_shares || []).length > 1);
  if (stale.length > 0) {
    add(element("h2", {}, "Staleness: updates between a gradient's model read and its application"));
    const grid = element("div", {class: "bars"});
    add(grid);
    for (const v of stale) {
      const shares = v.staleness_shares.slice(0, 40);
      const cell = element("div", {}, element("h3", {}, `${v.label}: mean ${number(v.staleness, 3)}` +
        (v.staleness_expected === undefined || v.staleness_expected === null ? "" : ` (theory ${number(v.staleness_expected, 3)})`)));
      grid.append(cell);
      let counted = false;
      new uPlot({
        width: 350, height: 190, legend: {show: false}, scales: {x: {time: false, range: [-0.6, shares.length - 0.4]}},
        axes: [{}, {size: 55, values: (u, ticks) => ticks.map((t) => Math.round(1000 * t) / 10 + " %")}],
        series: [{}, {fill: v.color, stroke: v.color, paths: uPlot.paths.bars({size: [0.8, 60]}), points: {show: false}}],
        hooks: {drawSeries: [() => { if (!counted) { counted = true; state.bars++; } }]},
      }, [shares.map((_, i) => i), shares], cell);
    }
  }

  // Timelines in the lecture's style: one row per learner; cancelled work hatched, stale work darker.
  const svg = (tag, attributes) => {
    const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    return node;
  };
  const paint = {computing: "#9ae6b4", cancelled: "url(#hatch)", waiting: "#edf2f7", pushing: "#90cdf4", fetching: "#63b3ed",
    round: "#d6bcfa"};
  const timed = variants.filter((v) => (v.timeline || []).length > 0);
  if (timed.length > 0) {
    add(element("h2", {}, "What the learners do first"));
    const legend = element("p", {class: "soft"});
    for (const [name, fill] of [["computing, fresh", "#9ae6b4"], ["computing, stale (darker: staler)", "#dd6b20"],
      ["cancelled", "repeating-linear-gradient(45deg,#e53e3e 0 2px,#fed7d7 2px 5px)"], ["waiting", "#edf2f7"],
      ["push", "#90cdf4"], ["fetch", "#63b3ed"], ["round", "#d6bcfa"]]) {
      legend.append(element("span", {class: "swatch", style: `background:${fill}`}), name + "  ");
    }
    add(legend);
    const defs = svg("svg", {width: 0, height: 0, style: "position:absolute"});
    const pattern = svg("pattern", {id: "hatch", width: 5, height: 5, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)"});
    pattern.append(svg("rect", {width: 5, height: 5, fill: "#fed7d7"}), svg("rect", {width: 2, height: 5, fill: "#e53e3e"}));
    const inner = svg("defs", {});
    inner.append(pattern);
    defs.append(inner);
    add(defs);
  }
  for (const v of timed) {
    const learners = Math.max(...v.timeline.map((s) => s.learner)) + 1;
    // Spans are listed as they end; beyond the moment at which the list was cut a row would be incomplete.
    const last = Array.from({length: learners}, (_, i) => Math.max(0, ...v.timeline.filter((s) => s.learner === i).map((s) => s.end_s)));
    const end = Math.min(...last.filter((x) => x > 0));
    const width = 1100, row = 15, left = 74;
    const picture = svg("svg", {viewBox: `0 0 ${width} ${learners * row + 20}`, role: "img"});
    const x = (t) => left + (width - left - 8) * Math.min(t, end) / end;
    const stalest = Math.max(1, ...v.timeline.map((s) => s.staleness));
    for (let i = 0; i < learners; i++) {
      const name = svg("text", {x: 0, y: i * row + 11, "font-size": 11, fill: "#5c6875"});
      name.textContent = "learner " + i;
      picture.append(name);
    }
    for (const s of v.timeline) {
      if (s.begin_s >= end || s.end_s <= s.begin_s) continue;
      const stale = s.doing === "computing" && s.staleness > 0;
      const rect = svg("rect", {x: x(s.begin_s), y: s.learner * row + 1, width: Math.max(0.5, x(s.end_s) - x(s.begin_s)),
        height: row - 3, fill: stale ? "#dd6b20" : paint[s.doing] || "#000", stroke: "#ffffff", "stroke-width": 0.6});
      if (stale) rect.setAttribute("fill-opacity", 0.3 + 0.7 * s.staleness / stalest);
      const title = svg("title", {});
      title.textContent = `learner ${s.learner}: ${s.doing}, ${seconds(s.begin_s)} to ${seconds(s.end_s)}` +
        (s.doing === "computing" ? `, staleness ${s.staleness}` : "");
      rect.append(title);
      picture.append(rect);
      state.spans++;
    }
    const axis = svg("text", {x: width - 8, y: learners * row + 14, "font-size": 11, "text-anchor": "end", fill: "#5c6875"});
    axis.textContent = seconds(end);
    picture.append(axis);
    add(element("div", {class: "timeline"}, element("h3", {}, v.label), picture));
  }

  add(element("p", {class: "soft"}, `${report.source}; scenario ${report.scenario_hash}, seed ${report.seed}, orrery ${report.orrery_version}`));
  state.variants = variants.length;
  state.ready = "yes";
  const count = () => { state.requests = performance.getEntriesByType("resource").length; };
  count();
  addEventListener("load", count);
})();
