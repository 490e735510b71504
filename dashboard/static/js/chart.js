// Draws the clicks over time from the JSON in #chart-data, and again when that, the width or the theme changes.
/* global uPlot */
const HEIGHT = 224;
const FONT = "12px 'Hanken Grotesk'";
const chart = document.getElementById("chart");
const DAY_SECONDS = 86400;
let plot;
let drawn = "";

function read() {
  return document.getElementById("chart-data").textContent;
}

function colour(name) {
  return getComputedStyle(chart).getPropertyValue(name).trim();
}

function moment(seconds, stepSeconds) {
  const date = { timeZone: chart.dataset.zone, day: "numeric", month: "short" };
  const time = stepSeconds < DAY_SECONDS - 7200 ? { hour: "2-digit", minute: "2-digit" } : { weekday: "short" };
  return new Intl.DateTimeFormat(undefined, { ...date, ...time }).format(new Date(seconds * 1000));
}

// On a long axis the days, on a short one the hours, and the day where it begins.
function tick(seconds, stepSeconds) {
  const inZone = (shape) => new Intl.DateTimeFormat(undefined, { timeZone: chart.dataset.zone, ...shape }).format(new Date(seconds * 1000));
  if (stepSeconds >= DAY_SECONDS - 7200) return inZone({ day: "numeric", month: "short" });
  const hour = inZone({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  return hour === "00:00" ? inZone({ day: "numeric", month: "short" }) : hour;
}

// Says what the bar under the pointer stands for, in the corner of the chart.
function tooltip(stepSeconds) {
  const box = document.createElement("p");
  box.className = "pointer-events-none absolute top-1 right-2 z-10 rounded-field border border-line bg-base-100 px-2 py-1 text-sm";
  box.hidden = true;
  const show = (u) => {
    const at = u.cursor.idx;
    box.hidden = at == null;
    if (at == null) return;
    const [when, count, before] = [u.data[0][at], u.data[1][at], u.data[2]?.[at]];
    const word = count === 1 ? chart.dataset.one : chart.dataset.many;
    box.textContent = `${moment(when, stepSeconds)}: ${count.toLocaleString()} ${word}${before == null ? "" : `, ${before.toLocaleString()} the period before`}`;
  };
  return { hooks: { init: (u) => u.root.append(box), setCursor: show } };
}

function options(columns) {
  const step = columns[0].length > 1 ? columns[0][1] - columns[0][0] : DAY_SECONDS;
  const muted = colour("--muted");
  const axis = { stroke: muted, font: `${FONT}, sans-serif`, ticks: { show: false }, grid: { show: false } };
  return {
    width: chart.clientWidth,
    height: HEIGHT,
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), chart.dataset.zone),
    plugins: [tooltip(step)],
    legend: { show: false },
    cursor: { y: false, points: { show: false }, drag: { x: false, y: false } },
    // Half a step of room on both sides, so that the first and the last bar are whole. Counts have no negative side.
    scales: {
      x: { time: true, range: (u, from, to) => [from - step / 2, to + step / 2] },
      y: { range: (u, low, high) => [0, Math.max(4, high * 1.1)] },
    },
    axes: [
      { ...axis, space: 64, values: (u, splits) => splits.map((each) => tick(each, step)) },
      { ...axis, size: 44, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 1e6, 1e7], grid: { stroke: colour("--color-base-300"), width: 1 } },
    ],
    series: [
      {},
      { fill: colour("--color-primary"), width: 0, paths: uPlot.paths.bars({ size: [0.72, 42], radius: 0.18 }), points: { show: false } },
      // The period before, over the bars: in the colour of the hop, dotted as it is.
      { stroke: colour("--color-accent"), width: 2, dash: [1, 5], cap: "round", points: { show: false } },
    ].slice(0, columns.length),
  };
}

function draw() {
  const columns = JSON.parse(read());
  plot?.destroy();
  chart.querySelector("[data-chart-wait]")?.remove();
  plot = new uPlot(options(columns), columns, chart);
  drawn = read();
  chart.dataset.drawn = String(columns[1].reduce((sum, each) => sum + each, 0));
}

if (chart) {
  await document.fonts.load(FONT).catch(() => []); // a canvas takes what font there is when it is drawn
  draw();
  new ResizeObserver(() => plot.setSize({ width: chart.clientWidth, height: HEIGHT })).observe(chart);
  document.addEventListener("themechange", draw);
  document.addEventListener("htmx:after:swap", () => read() !== drawn && draw());
}
