"use strict";
(() => {
  const root = document.documentElement;
  root.classList.remove("no-script");
  const at = (id) => document.getElementById(id);
  let drawTable = () => {};
  const languages = root.dataset.languages.split(" ");
  const spoken = (texts) => texts[languages.indexOf(root.lang)];

  function speak(lang) {
    root.lang = lang;
    for (const each of document.querySelectorAll("[data-texts]"))
      each.textContent = spoken(JSON.parse(each.dataset.texts));
    for (const each of document.querySelectorAll("[data-attributes]")) {
      for (const [name, texts] of Object.entries(JSON.parse(each.dataset.attributes)))
        each.setAttribute(name, spoken(texts));
    }
    drawTable();
  }

  at("language").addEventListener("click", () => speak(languages[(languages.indexOf(root.lang) + 1) % languages.length]));

  const night = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => root.dataset.theme ? root.dataset.theme === "dark" : night.matches;
  const sayTheme = () => at("theme").setAttribute("aria-pressed", String(isDark()));
  at("theme").addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    sayTheme();
  });
  night.addEventListener("change", sayTheme);
  sayTheme();

  at("print").addEventListener("click", () => print());
  // A closed panel does not print: open all, and close again what was closed.
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll("details:not([open])")];
    for (const each of opened) each.open = true;
  });
  addEventListener("afterprint", () => {
    for (const each of opened) each.open = false;
  });

  function openPanel() {
    const found = location.hash.length > 1 && at(location.hash.slice(1));
    if (found && found.tagName === "DETAILS") {
      found.open = true;
      found.scrollIntoView();
      found.querySelector("summary").focus({ preventScroll: true });
    }
  }
  addEventListener("hashchange", openPanel);
  openPanel();

  async function unpack(facts) {
    const text = atob(at("packed").textContent.trim());
    const bytes = Uint8Array.from(text, (c) => c.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
    const buffer = await new Response(stream).arrayBuffer();
    const n = facts.rows;
    let from = 0;
    const take = (size) => { const view = new DataView(buffer, from, n * size); from += n * size; return view; };
    const columns = {};
    const steps = take(2), change = take(2), boost = take(2);
    columns.index = new Float64Array(n);
    columns.change = new Float64Array(n);
    columns.boost = new Float64Array(n);
    for (let row = 0, sum = 0; row < n; row++) {
      sum = (sum + steps.getUint16(row * 2, true)) & 0xffff;
      columns.index[row] = sum === 0xffff ? NaN : sum / 100;
      const moved = change.getInt16(row * 2, true);
      columns.change[row] = moved === -0x8000 ? NaN : moved / 10;
      columns.boost[row] = boost.getUint16(row * 2, true) / 1000;
    }
    for (const name of ["coverage", "tier", "status"]) {
      columns[name] = new Uint8Array(buffer, from, n);
      from += n;
    }
    columns.id = new TextDecoder().decode(new Uint8Array(buffer, from)).split("\n");
    columns.id.length = n;
    return columns;
  }

  async function table() {
    const facts = JSON.parse(at("facts").textContent);
    const words = (key) => spoken(facts.words[key]);
    if (typeof DecompressionStream === "undefined") {
      drawTable = () => { at("found").textContent = words("too_old"); };
      return drawTable();
    }
    const columns = await unpack(facts);
    const lower = columns.id.map((id) => id.toLowerCase());
    const panels = new Map(facts.panels);
    const perPage = 50;
    let order = Uint32Array.from({ length: facts.rows }, (_, row) => row);
    let shown = order, page = 0, sorted = "index", up = true;

    function choose(select, names, any) {
      const value = select.value;
      select.replaceChildren(new Option(words(any), ""));
      names.forEach((each, code) => {
        if (facts.used[select.id].includes(code))
          select.add(new Option(spoken(each), String(code)));
      });
      select.value = value;
    }

    function filter() {
      const wanted = at("search").value.trim().toLowerCase();
      const tier = at("by-tier").value, status = at("by-status").value;
      shown = order.filter((row) =>
        (!wanted || lower[row].includes(wanted)) &&
        (tier === "" || columns.tier[row] === Number(tier)) &&
        (status === "" || columns.status[row] === Number(status)));
      page = 0;
      drawRows();
    }

    function sort(key) {
      up = sorted === key ? !up : key === "index" || key === "id";
      sorted = key;
      const column = columns[key], way = up ? 1 : -1;
      // The order of the file is by index: rows that are equal stay in it.
      order = Uint32Array.from({ length: facts.rows }, (_, row) => row);
      if (key === "id") {
        order.sort((a, b) => column[a] < column[b] ? -way : column[a] > column[b] ? way : a - b);
      } else {
        order.sort((a, b) => {
          const x = column[a], y = column[b];
          if (Number.isNaN(x) || Number.isNaN(y)) return Number.isNaN(x) - Number.isNaN(y) || a - b;
          return (x - y) * way || a - b;
        });
      }
      for (const head of at("table").querySelectorAll("thead th")) {
        if (head.dataset.key === key) head.setAttribute("aria-sort", up ? "ascending" : "descending");
        else head.removeAttribute("aria-sort");
      }
      filter();
    }

    const number = (value, digits) => Number.isNaN(value) ? "–" : value.toFixed(digits);
    function cell(line, text, kind, heading) {
      const made = document.createElement(heading ? "th" : "td");
      if (kind) made.className = kind;
      if (heading) made.scope = "row";
      made.textContent = text;
      line.append(made);
      return made;
    }

    function drawRows() {
      const body = at("table").tBodies[0];
      const rows = shown.slice(page * perPage, (page + 1) * perPage);
      body.replaceChildren();
      for (const row of rows) {
        const line = body.insertRow();
        const head = cell(line, "", "", true);
        const name = document.createElement("bdi");
        name.textContent = columns.id[row];
        if (panels.has(row)) {
          const link = document.createElement("a");
          link.href = "#p" + panels.get(row);
          link.append(name);
          head.append(link);
        } else head.append(name);
        const index = cell(line, "", "n");
        if (!Number.isNaN(columns.index[row])) {
          const meter = document.createElement("span");
          meter.className = "meter";
          const filled = document.createElement("i");
          filled.style.width = Math.max(0, Math.min(100, columns.index[row])) + "%";
          meter.append(filled);
          index.append(meter);
        }
        index.append(number(columns.index[row], 1));
        if (facts.change) {
          const moved = columns.change[row];
          const kind = moved >= 0.05 ? "n up" : moved <= -0.05 ? "n down" : "n soft";
          const text = number(moved, 1).replace("-", "\u2212");
          cell(line, moved >= 0.05 ? "+" + text : Math.abs(moved) < 0.05 ? "0.0" : text, kind);
        }
        cell(line, spoken(facts.tiers[columns.tier[row]]));
        cell(line, spoken(facts.statuses[columns.status[row]]));
        cell(line, columns.coverage[row] + " %", "n");
        cell(line, number(columns.boost[row], 3), "n");
      }
      const count = shown.length.toLocaleString("en");
      at("found").textContent = shown.length
        ? words("found").replace("{from}", (page * perPage + 1).toLocaleString("en"))
          .replace("{to}", (page * perPage + rows.length).toLocaleString("en")).replace("{count}", count)
        : words("none_found");
      at("back").disabled = page === 0;
      at("forth").disabled = (page + 1) * perPage >= shown.length;
    }

    drawTable = () => {
      choose(at("by-tier"), facts.tiers, "any_tier");
      choose(at("by-status"), facts.statuses, "any_status");
      drawRows();
    };
    let waiting = 0;
    at("search").addEventListener("input", () => {
      clearTimeout(waiting);
      waiting = setTimeout(filter, 80);
    });
    at("by-tier").addEventListener("change", filter);
    at("by-status").addEventListener("change", filter);
    at("back").addEventListener("click", () => { page--; drawRows(); });
    at("forth").addEventListener("click", () => { page++; drawRows(); });
    for (const head of at("table").querySelectorAll("thead th"))
      head.querySelector("button").addEventListener("click", () => sort(head.dataset.key));
    drawTable();
    at("table").dataset.ready = "yes";
  }

  speak(root.lang);
  if (at("packed")) table();
})();
