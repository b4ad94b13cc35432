"use strict";
const at = (id) => document.getElementById(id);
const languages = Object.keys(WORDS);
const spoken = (code) => languages.find((each) => each === code) || languages.find((each) => code.split("-")[0] === each);
let lang = navigator.languages.map(spoken).find(Boolean) || languages[0];
const next = () => languages[(languages.indexOf(lang) + 1) % languages.length];
let facts = null, edits = {}, serial = Date.now(), last = null, asked = null;
// Who was looked up, who stands on the page, and how often somebody was: the last one asked for stays.
let wanted = null, shown = null, looks = 0, previews = 0;
let sliding = false, again = false;
const inputs = new Map();

const given = new URLSearchParams(location.hash.slice(1)).get("token");
if (given) {
  // Kept by the tab, for this address and port only, and gone from the address line.
  sessionStorage.setItem("token", given);
  history.replaceState(null, "", "/");
}
const token = sessionStorage.getItem("token") || "";

function word(key, values = {}) {
  const text = WORDS[lang][key] ?? key;
  return text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}
const whole = (v) => Math.round(v).toLocaleString("en-US");
const points = (v, digits = 2) => v === null ? "–" : v.toFixed(digits);
const signed = (v, digits = 2) => v === null ? "–" : (v > 0 ? "+" : "") + v.toFixed(digits);
const way = (v) => v > 0 ? "up" : v < 0 ? "down" : "same";

class Refused extends Error {
  constructor(answer) { super(answer.summary); this.answer = answer; }
}
async function ask(path, body) {
  const request = { headers: { "x-workbench-token": token } };
  if (body !== undefined) {
    request.method = "POST";
    request.headers["content-type"] = "application/json";
    request.body = JSON.stringify(body);
  }
  let response;
  try { response = await fetch(path, request); } catch { throw new Refused({ summary: word("offline"), faults: [] }); }
  if (response.status === 401) throw new Refused({ summary: word("token"), faults: [] });
  const answer = await response.json();
  if (!response.ok) throw new Refused(answer);
  return answer.superseded ? null : answer;
}
function complain(error) {
  if (!(error instanceof Refused)) throw error;
  const box = at("fault");
  const list = make("ul", {}, ...error.answer.faults.map((fault) => make("li", {}, inert(fault))));
  box.replaceChildren(inert(error.answer.summary), list);
  box.hidden = false;
}
function calm() { at("fault").hidden = true; }

function translate() {
  document.documentElement.lang = lang;
  at("language").textContent = LANGUAGES[next()];
  document.title = "trustscore · " + word("title");
  for (const node of document.querySelectorAll("[data-word]")) node.textContent = word(node.dataset.word);
  for (const node of document.querySelectorAll("[data-label]")) { node.placeholder = word(node.dataset.label); node.setAttribute("aria-label", word(node.dataset.label)); }
  if (!facts) return;
  at("size").textContent = word("merchants", { n: whole(facts.merchants) });
  drawKnobs();
  if (last) draw(last);
  if (wanted !== null) lookUp(wanted);
}

// Figures ---------------------------------------------------------------------------------------
function drawKnobs() {
  const open = new Set([...document.querySelectorAll("#knobs details[open]")].map((d) => d.dataset.key));
  const first = inputs.size === 0;
  inputs.clear();
  const groups = [["tiers", word("tier_lines"), (k) => k.group === "tiers"], ["dimensions", word("dimensions"), (k) => k.group === "dimensions"]];
  for (const d of facts.dimensions) groups.push(["signals." + d.id, word("signals") + " · " + visible(d.names[lang]), (k) => k.group === "signals" && k.inside === d.id]);
  groups.push(["rules", word("rules"), (k) => k.group === "rules"]);
  const boxes = [];
  for (const [key, title, belongs] of groups) {
    const own = facts.knobs.filter(belongs);
    if (!own.length) continue;
    const box = make("details", { "data-key": key }, make("summary", {}, title));
    if (open.has(key) || (first && key === "tiers")) box.open = true;
    const owners = new Map();
    for (const knob of own) {
      if (!owners.has(knob.owner)) owners.set(knob.owner, make("div", { class: "owner", "data-text": [knob.owner, ...Object.values(knob.names)].join(" ").toLowerCase() }, make("p", {}, inert(knob.names[lang]))));
      owners.get(knob.owner).append(drawKnob(knob));
    }
    box.append(...owners.values());
    boxes.push(box);
  }
  at("knobs").replaceChildren(...boxes);
  filter();
}
function drawKnob(knob) {
  const value = edits[knob.address] ?? knob.value;
  const label = `${word(knob.part)}, ${visible(knob.names[lang])}`;
  const range = make("input", { type: "range", min: knob.low, max: knob.high, step: knob.step, "aria-label": label, "data-address": knob.address });
  const number = make("input", { type: "number", step: "any", "aria-label": label, "data-number": knob.address });
  range.value = value; number.value = value;
  const row = make("label", { class: "knob" }, make("span", {}, word(knob.part)), range, number);
  row.classList.toggle("moved", knob.address in edits);
  const set = (text, done) => {
    if (text === "" || !Number.isFinite(Number(text))) return;
    const v = Number(text);
    if (v === knob.value) delete edits[knob.address]; else edits[knob.address] = v;
    row.classList.toggle("moved", knob.address in edits);
    forget();
    moved(done);
  };
  range.addEventListener("input", () => { number.value = range.value; set(range.value, false); });
  range.addEventListener("change", () => set(range.value, true));
  number.addEventListener("input", () => { range.value = number.value; set(number.value, false); });
  number.addEventListener("change", () => set(number.value, true));
  inputs.set(knob.address, row);
  return row;
}
function filter() {
  const text = at("filter").value.trim().toLowerCase();
  for (const box of document.querySelectorAll("#knobs details")) {
    let some = false;
    for (const owner of box.querySelectorAll(".owner")) { owner.hidden = !owner.dataset.text.includes(text); some ||= !owner.hidden; }
    box.hidden = !some;
    if (text && some) box.open = true;
  }
}

// The market ------------------------------------------------------------------------------------
let rest = 0;
function moved(done) {
  // By the clock: moves of a page that was opened before, or in another tab, are older ones.
  serial = Math.max(serial + 1, Date.now());
  // What an audit found was found before this move.
  at("findings").replaceChildren();
  clearTimeout(rest);
  // A key held down changes a slider without letting it go: the whole follows when it rests.
  rest = setTimeout(wholeMarket, done ? 150 : 400);
  if (!done) slide();
}
async function slide() {
  if (sliding) { again = true; return; }
  sliding = true;
  do {
    again = false;
    const own = serial;
    try {
      const found = await ask("api/move", { edits, serial: own });
      if (found && own >= (last?.serial ?? 0) && !(last?.serial === own && last.whole)) { calm(); draw({ ...found, serial: own }); }
    } catch (error) { if (own === serial) complain(error); }
  } while (again);
  sliding = false;
}
async function wholeMarket() {
  const own = serial;
  at("state").textContent = at("state").textContent.replace(/ · [^·]*…+$/, "") + word("busy");
  try {
    const found = await ask("api/move", { edits, serial: own, whole: true });
    if (found && own === serial) { calm(); draw({ ...found, serial: own }); if (wanted !== null) await lookUp(wanted); }
  } catch (error) { if (own === serial) complain(error); }
}
function draw(found) {
  last = found;
  const n = whole(found.rows), near = (v, se) => whole(v) + (found.whole ? "" : ` ± ${whole(2 * se)}`);
  at("state").textContent = word(found.whole ? "whole" : "sample", { n });
  document.body.dataset.state = found.whole ? "whole" : "sample";
  document.body.dataset.serial = found.serial;
  const mean = found.mean, ranks = found.ranks;
  const rows = [
    ["mean", `${points(mean.before)} → ${points(mean.after)} (${signed(mean.change)}${found.whole ? "" : " ± " + (2 * mean.se).toFixed(2)})`],
    ["moved", near(found.moved.merchants, found.moved.se)],
    ["capped", `${whole(found.vetoes.before)} → ${whole(found.vetoes.after)}`],
    ["ranks", points(ranks.correlation, 4)],
    ["rank_mean", points(ranks.mean) + " %"],
    ["rank_over", points(ranks.over_one, 1) + " %"],
  ];
  at("figures").replaceChildren(...rows.map(([key, text]) => make("div", {}, make("dt", {}, word(key)), make("dd", {}, text))));
  const name = (tier) => inert(tier.id === "" ? word("none") : tier.names[lang]);
  const there = found.tiers.map((t, k) => k).filter((k) => found.tiers[k].id !== "" || found.tiers[k].before || found.tiers[k].after);
  const share = (v) => (100 * v / found.size).toFixed(1) + " %";
  at("tiers").replaceChildren(table([word("tier"), word("before"), "%", word("after"), "%", word("change")], there.map((k) => {
    const t = found.tiers[k], d = Math.round(t.after - t.before);
    return [name(t), whole(t.before), share(t.before), near(t.after, t.se), share(t.after), (d > 0 ? "+" : "") + whole(d)];
  })));
  at("moves").replaceChildren(table([word("tier"), ...there.map((k) => name(found.tiers[k]))], there.map((i) => [name(found.tiers[i]), ...there.map((j) => {
    const v = found.moves[i][j];
    return [v ? near(v, found.moves_se[i][j]) : "·", i === j ? "same" : v ? way(j - i) : "same"];
  })])));
  drawHistogram(at("histogram"), found.histogram, word("histogram"));
  const list = (key) => {
    const head = make("h3", {}, word(key));
    if (!found[key].length) return make("div", {}, head, make("p", {}, word("nobody")));
    return make("div", {}, head, table([word("merchant"), word("before"), word("after"), word("change")], found[key].map((m) => {
      const button = make("button", { type: "button" }, inert(m.id));
      button.addEventListener("click", () => { at("merchant").value = m.id; lookUp(m.id); at("lookup").scrollIntoView(); });
      return [button, points(m.before), points(m.after), [signed(m.change), way(m.change)]];
    })));
  };
  at("movers").replaceChildren(list("fell"), list("rose"));
}

// Audit, merchants, saving ----------------------------------------------------------------------
async function audit() {
  const own = serial;
  try {
    const found = await ask("api/audit", { edits });
    if (own !== serial) return;
    calm();
    const lines = (key, kind) => found[key].map((f) => make("li", { class: kind }, word(key), inert(f[2])));
    at("findings").replaceChildren(make("ul", {}, ...lines("come", "cut"), ...lines("gone", "add")), make("p", {}, word("same", { n: found.same })));
  } catch (error) { if (own === serial) complain(error); }
}
async function lookUp(id) {
  const own = ++looks;
  wanted = id;
  try {
    const found = await ask("api/merchant", { id, edits, lang });
    if (own !== looks) return;
    calm();
    shown = id;
    at("statement").replaceChildren(make("h3", {}, inert(found.id)), make("div", { class: "two" }, ...["before", "after"].map((key) => {
      const s = found[key];
      const head = s.trust_index === null ? word("not_scored") : `${word("index")} ${points(s.trust_index)} · ${word("interval")} ${points(s.trust_index_lower, 1)}–${points(s.trust_index_upper, 1)}`;
      const part = make("div", {}, make("h3", {}, word(key)), make("p", {}, head, make("br"), inert(s.tier_name || s.tier || word("none")), ` · ${word("status")} ${s.status_name}`));
      if (s.bars.length) part.append(drawWaterfall(s.bars, head));
      return part;
    })));
  } catch (error) {
    if (own !== looks) return;
    wanted = shown;
    complain(error);
  }
}
// What was to be written is no longer what is asked for.
function forget() {
  previews += 1;
  at("difference").hidden = true;
}
async function preview() {
  at("saved").textContent = "";
  forget();
  const own = previews;
  try {
    const body = { edits: { ...edits }, name: at("file").value, version: at("version").value };
    const found = await ask("api/preview", body);
    if (own !== previews) return;
    calm();
    asked = { ...body, replaces: found.replaces };
    at("words").replaceChildren(...found.words.map((told) => make("li", {}, inert(told[lang]))));
    at("diff").replaceChildren(...found.diff.map((line) => make("span", { class: line.startsWith("+") ? "add" : line.startsWith("-") ? "cut" : "" }, visible(line) + "\n")));
    at("replace-row").hidden = found.replaces === "";
    at("replace").checked = false;
    at("write").disabled = found.replaces !== "";
    at("difference").hidden = false;
  } catch (error) { if (own === previews) complain(error); }
}
async function save() {
  const own = previews;
  at("write").disabled = true;
  try {
    const found = await ask("api/save", asked);
    calm();
    at("saved").replaceChildren(word("written"), inert(found.path), " · ", inert(found.stamp));
    // Whoever asks for other differences meanwhile keeps them.
    if (own === previews) forget();
  } catch (error) { if (own === previews) at("write").disabled = false; complain(error); }
}

async function start() {
  translate();
  at("language").addEventListener("click", () => { lang = next(); translate(); });
  at("filter").addEventListener("input", filter);
  at("reset").addEventListener("click", () => { edits = {}; forget(); drawKnobs(); moved(true); });
  at("audit").addEventListener("click", audit);
  at("lookup").addEventListener("submit", (event) => { event.preventDefault(); lookUp(at("merchant").value); });
  at("saving").addEventListener("submit", (event) => { event.preventDefault(); preview(); });
  for (const id of ["file", "version"]) at(id).addEventListener("input", forget);
  at("replace").addEventListener("change", () => { at("write").disabled = !at("replace").checked; });
  at("write").addEventListener("click", save);
  try {
    facts = await ask("api/start");
    at("stamp").textContent = visible(facts.scorecard.stamp);
    at("folder").textContent = visible(facts.folder);
    at("file").value = facts.file;
    at("version").value = facts.version;
    at("merchant").value = facts.example;
    translate();
    await wholeMarket();
  } catch (error) { complain(error); }
}
start();
