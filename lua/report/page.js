"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const color = (name) => getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();

  // Three digits and a unit, as the rest of the page writes them.
  const digits = (x) => (x >= 99.95 ? x.toFixed(0) : String(Number(x.toPrecision(3))));
  const duration = (s) => {
    if (s == null) return "-";
    if (s === 0) return "0 s";
    const units = [[1, "s"], [1e-3, "ms"], [1e-6, "µs"], [1e-9, "ns"]];
    const [size, unit] = units.find(([u]) => s >= u * 0.9995) || units[3];
    return digits(s / size) + " " + unit;
  };
  const count = (n) => (n == null ? "-" : digits(n));

  const slots = data.slots;
  const middles = slots.at.map((at) => at + data.interval / 2);
  const faultAt = (x) => data.faults.filter((f) => f.from <= x && x <= (f.to ?? data.to)).map((f) => f.describe || f.name);

  // The faults lie behind the lines as bands with an edge, and a name above, so that colour is not the only sign.
  // Places the names in rows: each in the first row where it does not touch the one before. Widths in pixels.
  const placeLabels = (faults, toPixel, widthOf, end) => {
    const ends = [];
    return faults.map((fault) => {
      const width = widthOf(fault.describe || fault.name) + 10;
      const start = Math.max(0, Math.min(toPixel(fault.from), end - width));
      let row = 0;
      while (ends[row] > start) row++;
      ends[row] = start + width;
      return { start, row };
    });
  };
  const share = (at) => (at - data.from) / (data.to - data.from);
  const labelRows = Math.min(3, 1 + Math.max(-1, ...placeLabels(data.faults, (at) => share(at) * 900, (text) => text.length * 6.3, 900)
    .map((label) => label.row)));
  const drawFaults = (plot) => {
    const { ctx, bbox } = plot;
    const ratio = devicePixelRatio;
    const rightEnd = bbox.left + bbox.width;
    ctx.save();
    ctx.font = 11 * ratio + "px system-ui, sans-serif";
    ctx.textAlign = "left";
    ctx.textBaseline = "bottom";
    const inSight = data.faults.filter((f) => (f.to ?? data.to) >= plot.scales.x.min && f.from <= plot.scales.x.max);
    const labels = placeLabels(inSight, (at) => plot.valToPos(at, "x", true) - bbox.left,
      (text) => ctx.measureText(text).width, bbox.width);
    inSight.forEach((fault, i) => {
      const begin = plot.valToPos(fault.from, "x", true);
      const end = Math.max(begin + 2 * ratio, plot.valToPos(fault.to ?? data.to, "x", true));
      const left = Math.max(begin, bbox.left);
      const right = Math.min(end, rightEnd);
      ctx.fillStyle = color("band");
      ctx.fillRect(left, bbox.top, right - left, bbox.height);
      ctx.fillStyle = color("band-edge");
      if (left === begin) ctx.fillRect(left, bbox.top, ratio, bbox.height);
      if (fault.to != null && right === end) ctx.fillRect(right - ratio, bbox.top, ratio, bbox.height);
      if (labels[i].row < labelRows) {
        ctx.fillStyle = color("red");
        ctx.fillText(fault.describe || fault.name, bbox.left + labels[i].start, bbox.top - (3 + 14 * labels[i].row) * ratio);
      }
    });
    ctx.restore();
  };

  // Slots are drawn at their middles; unzoomed, the axis shows the whole of the measured time.
  const wholeOrZoomed = (_, low, high) =>
    low == null || (low <= middles[0] && high >= middles[middles.length - 1]) ? [data.from, data.to] : [low, high];

  const plots = [];
  let zooming = false;
  const zoomAll = (from) => {
    if (zooming) return;
    zooming = true;
    const { min, max } = from.scales.x;
    for (const plot of plots) if (plot !== from) plot.setScale("x", { min, max });
    zooming = false;
  };

  const makePlot = (id, series, columns, format, options = {}) => {
    const place = document.getElementById(id);
    if (!place) return null;
    const axis = (extra) => ({
      stroke: () => color("muted"), grid: { stroke: () => color("grid"), width: 1 }, ticks: { stroke: () => color("line"), width: 1 },
      font: "12px system-ui, sans-serif", ...extra,
    });
    const y = options.log
      ? { distr: 3, range: (_, low, high) => [10 ** Math.floor(Math.log10(low)), 10 ** Math.ceil(Math.log10(high))] }
      : { range: (_, low, high) => [0, high > 0 ? high * 1.08 : 1] };
    const plot = new uPlot({
      width: Math.max(280, place.clientWidth), height: (options.height || 220) + 14 * labelRows,
      padding: [8 + 14 * labelRows, 14, 0, 0],
      scales: { x: { time: false, range: wholeOrZoomed }, y },
      legend: { markers: { width: 3, dash: "solid" } },
      cursor: { sync: { key: "report" }, drag: { x: true, y: false }, points: { size: 7 } },
      axes: [
        axis({ values: (_, splits) => splits.map((v) => Number(v.toFixed(6)) + " s"), space: 70, gap: 6, size: 36 }),
        axis({ values: (_, splits) => splits.map((v) => (v == null ? "" : format(v))), size: 72, gap: 6 }),
      ],
      series: [
        { label: "time", value: (_, v) => (v == null ? "-" : v.toFixed(3) + " s" + faultAt(v).map((f) => " (" + f + ")").join("")) },
        ...series.map((s) => ({
          label: s.label, stroke: () => color(s.color), width: s.width || 1.75, dash: s.dash, spanGaps: false,
          fill: s.fill && (() => color(s.color) + "22"), points: { show: false }, value: (_, v) => format(v),
        })),
      ],
      hooks: { drawClear: [drawFaults], setScale: [(u, key) => key === "x" && plots.includes(u) && zoomAll(u)] },
    }, [middles, ...columns], place);
    plots.push(plot);
    return plot;
  };

  const rateFormat = (v) => (v == null ? "-" : count(v) + "/s");
  makePlot("plot-rate", [
    { label: "ok", color: "blue", fill: true }, { label: "errors", color: "red", dash: [5, 3], width: 2 },
  ], [slots.ok, slots.errors], rateFormat);

  const known = [].concat(slots.p50, slots.p95, slots.p99).filter((v) => v > 0);
  const logSwitch = document.getElementById("log-scale");
  const latencySeries = [
    { label: "p50", color: "green", width: 1.5 }, { label: "p95", color: "amber", dash: [6, 3] }, { label: "p99", color: "purple", width: 2 },
  ];
  let latencyPlot = null;
  const drawLatency = () => {
    const before = latencyPlot && { ...latencyPlot.scales.x };
    if (latencyPlot) {
      plots.splice(plots.indexOf(latencyPlot), 1);
      latencyPlot.destroy();
    }
    const measured = latencySeries.filter((s) => slots[s.label].some((v) => v != null));
    latencyPlot = makePlot("plot-latency", measured, measured.map((s) => slots[s.label]), duration, { log: logSwitch.checked });
    if (before) latencyPlot.setScale("x", { min: before.min, max: before.max });
  };
  if (logSwitch) {
    // A wide spread is read better on a logarithmic scale.
    logSwitch.checked = known.length > 0 && Math.max(...known) > 30 * Math.min(...known);
    logSwitch.disabled = known.length === 0;
    drawLatency();
    logSwitch.addEventListener("change", drawLatency);
  }
  data.gauges.forEach((gauge, i) => {
    makePlot("plot-gauge-" + (i + 1), [{ label: gauge.label, color: "teal", fill: true }], [gauge.values], count, { height: 160 });
  });

  const redraw = () => plots.forEach((plot) => plot.redraw(false, true));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  matchMedia("print").addEventListener("change", redraw);
  new ResizeObserver(() => {
    for (const plot of plots) {
      const width = Math.max(280, plot.root.parentElement.clientWidth);
      if (width !== plot.width) plot.setSize({ width, height: plot.height });
    }
  }).observe(document.querySelector("main"));

  // Messages: filter by type, walk with n and p, the chosen one in the address.
  const picture = document.querySelector(".messages");
  if (picture) {
    const story = document.getElementById("story");
    const tell = (message) => (story.textContent = message.querySelector("title").textContent);
    const visible = () => [...picture.querySelectorAll(".m")].filter((m) => getComputedStyle(m).display !== "none");
    let chosen = null;
    const choose = (message, scroll) => {
      if (chosen) chosen.classList.remove("chosen");
      chosen = message;
      if (!message) return;
      message.classList.add("chosen");
      tell(message);
      history.replaceState(null, "", "#" + message.id);
      if (scroll) message.scrollIntoView({ block: "nearest", inline: "nearest" });
    };
    for (const box of document.querySelectorAll(".types input")) {
      box.addEventListener("change", () => picture.classList.toggle("hide-" + box.dataset.type, !box.checked));
    }
    picture.addEventListener("mouseover", (event) => {
      const message = event.target.closest(".m");
      if (message) tell(message);
    });
    picture.addEventListener("click", (event) => {
      const message = event.target.closest(".m");
      if (message) choose(message, false);
    });
    document.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName)) return;
      const step = { n: 1, p: -1 }[event.key];
      if (!step) return;
      const list = visible();
      const at = list.indexOf(chosen);
      const next = at < 0 ? (step > 0 ? 0 : list.length - 1) : Math.min(list.length - 1, Math.max(0, at + step));
      if (list[next]) choose(list[next], true);
    });
    const named = location.hash.startsWith("#m-") && document.getElementById(location.hash.slice(1));
    if (named) choose(named, true);
  }

  const details = document.querySelector("#series details");
  const openNumbers = () => { if (details && location.hash === "#series") details.open = true; };
  addEventListener("hashchange", openNumbers);
  openNumbers();
  addEventListener("beforeprint", () => { if (details) details.open = true; });

  const copy = document.getElementById("copy");
  if (copy) {
    copy.addEventListener("click", () => {
      const command = document.getElementById("replay");
      getSelection().selectAllChildren(command);
      // A page opened from a file may not reach the clipboard; then the selection is there to be copied by hand.
      Promise.resolve(navigator.clipboard?.writeText(command.textContent)).then(() => (copy.textContent = "copied"), () => {});
    });
  }
})();
