"use strict";
// Texts of others reach the page as text nodes only, so that no markup in them acts.
function make(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  for (const child of children) node.append(child);
  return node;
}
// Ids may hold marks that turn the direction of text, and control characters: these are shown.
function visible(text) {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g,
    (c) => "\\u" + c.charCodeAt(0).toString(16).padStart(4, "0"));
}
function inert(text) { return make("bdi", {}, visible(String(text))); }
function table(head, rows) {
  const line = (cells, tag) => make("tr", {}, ...cells.map((cell) => {
    if (cell instanceof Node) return make(tag, {}, cell);
    if (Array.isArray(cell)) return make(tag, { class: cell[1] }, cell[0]);
    return make(tag, {}, String(cell));
  }));
  return make("table", {}, make("thead", {}, line(head, "th")), make("tbody", {}, ...rows.map((r) => line(r, "td"))));
}
function svg(name, attributes, text) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  if (text !== undefined) node.textContent = text;
  return node;
}
function drawHistogram(at, histogram, label) {
  const width = 640, height = 190, floor = 168, n = histogram.before.length;
  const top = Math.max(1, ...histogram.before, ...histogram.after);
  const x = (k) => 10 + k * (width - 20) / n, y = (v) => floor - v / top * 155;
  const root = svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label });
  histogram.before.forEach((v, k) => root.append(svg("rect", { class: "bar-before", x: x(k), y: y(v), width: (width - 20) / n, height: floor - y(v) })));
  const way = histogram.after.map((v, k) => `${k ? "L" : "M"}${x(k)} ${y(v)}L${x(k + 1)} ${y(v)}`).join("");
  root.append(svg("path", { class: "line-after", d: way }), svg("line", { class: "axis", x1: 10, x2: width - 10, y1: floor, y2: floor }));
  for (let v = 0; v <= 100; v += 20) root.append(svg("text", { x: x(v / 100 * n), y: 184, "text-anchor": "middle" }, v));
  at.replaceChildren(root);
}
function drawWaterfall(bars, label) {
  const line = 22, width = 560, left = 250, scale = (width - left - 50) / 100;
  const root = svg("svg", { viewBox: `0 0 ${width} ${bars.length * line + 4}`, role: "img", "aria-label": label });
  bars.forEach((bar, k) => {
    const low = Math.min(bar.before, bar.after), high = Math.max(bar.before, bar.after), points = bar.after - bar.before;
    const name = visible(bar.name), short = [...name].length > 36 ? [...name].slice(0, 35).join("") + "…" : name;
    const text = svg("text", { x: left - 8, y: k * line + 15, "text-anchor": "end" }, short);
    text.append(svg("title", {}, name));
    const kind = bar.kind === "rule" && points > 0 ? "up" : bar.kind;
    const ends = bar.kind === "start" || bar.kind === "end";
    root.append(text, svg("rect", { class: "w-" + kind, x: left + low * scale, y: k * line + 4, width: Math.max((high - low) * scale, 1), height: line - 8 }),
      svg("text", { x: left + high * scale + 4, y: k * line + 15 }, (ends || points < 0 ? "" : "+") + points.toFixed(1)));
  });
  return root;
}
