// Sorts and filters the table, dims the marks of rows that are filtered out, and tells of a mark what
// its row of the table says. What is chosen stands in the fragment: #m=16&layer=qkv&sort=ratio, and
// sort=-ratio the other way round. Without this script the page shows all of everything.
(() => {
  "use strict";
  const table = document.getElementById("rows");
  if (!table) return;

  const columns = [...table.tHead.rows[0].cells].map((head, index) => ({
    head, index, key: head.dataset.key, heading: head.textContent,
    number: "number" in head.dataset, filter: "filter" in head.dataset,
    tip: "tip" in head.dataset, descending: "descending" in head.dataset,
  }));
  const rows = [...table.tBodies[0].rows];
  const svgs = [...document.querySelectorAll("figure svg")];
  const make = (tag, properties, ...children) => {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  };

  // A long text is shortened in its cell, with the whole in the title of what is inside.
  const textOf = (row, column) => {
    const cell = row.cells[column.index];
    return cell.querySelector("[title]")?.title ?? cell.textContent;
  };
  const numberOf = (row, column) => {
    const text = textOf(row, column);
    return text.startsWith("exact") ? 0 : parseFloat(text);
  };
  const compare = (column) => (a, b) => {
    if (!column.number) return textOf(a, column).localeCompare(textOf(b, column));
    return numberOf(a, column) - numberOf(b, column);
  };

  // --- what is chosen
  const read = () => {
    const words = new URLSearchParams(location.hash.slice(1));
    const sort = words.get("sort") ?? "";
    return {
      filters: columns.filter((c) => c.filter && words.get(c.key)).map((c) => [c, words.get(c.key)]),
      sort: columns.find((c) => c.key === sort.replace(/^-/, "")),
      reversed: sort.startsWith("-"),
    };
  };
  const choose = (key, value) => {
    const words = new URLSearchParams(location.hash.includes("=") ? location.hash.slice(1) : "");
    if (value) words.set(key, value); else words.delete(key);
    location.hash = words.toString() || "all=";
  };

  // --- the bar
  const menus = new Map();
  const shown = make("output", {});
  const addOption = (menu, value) => menu.append(make("option", { value }, value));
  const makeBar = () => {
    const bar = make("form", { id: "filter" });
    bar.setAttribute("aria-label", "filter rows and marks");
    for (const column of columns.filter((c) => c.filter)) {
      const values = [...new Set(rows.map((row) => textOf(row, column)))].filter((v) => v !== "");
      if (values.length < 2) continue;
      if (column.number) values.sort((a, b) => parseFloat(a) - parseFloat(b));
      const menu = make("select", { name: column.key }, make("option", { value: "" }, "all"));
      for (const value of values) addOption(menu, value);
      menu.addEventListener("change", () => choose(column.key, menu.value));
      menus.set(column, menu);
      bar.append(make("label", {}, column.heading, menu));
    }
    if (menus.size === 0) return;
    const reset = make("button", { type: "button" }, "show all");
    reset.addEventListener("click", () => { location.hash = "all="; });
    bar.append(reset, shown);
    bar.addEventListener("submit", (event) => event.preventDefault());
    const first = document.querySelector("main > section");
    if (first) first.after(bar); else table.before(bar);
  };
  const makeHeadings = () => {
    for (const column of columns) {
      const button = make("button", { type: "button" }, column.heading);
      button.addEventListener("click", () => {
        const { sort, reversed } = read();
        choose("sort", (sort === column && !reversed ? "-" : "") + column.key);
      });
      column.head.replaceChildren(button);
    }
  };

  // --- what is shown
  const showRows = ({ filters, sort, reversed }) => {
    for (const row of rows) {
      row.hidden = filters.some(([column, value]) => textOf(row, column) !== value);
    }
    let ordered = rows;
    if (sort) {
      const known = (row) => !sort.number || !Number.isNaN(numberOf(row, sort));
      const sign = sort.descending !== reversed ? -1 : 1;
      const order = compare(sort);
      ordered = rows.filter(known).sort((a, b) => sign * order(a, b));
      ordered.push(...rows.filter((row) => !known(row)));
    }
    table.tBodies[0].append(...ordered);
    for (const { head } of columns) head.removeAttribute("aria-sort");
    sort?.head.setAttribute("aria-sort", sort.descending !== reversed ? "descending" : "ascending");
  };
  const showMarks = () => {
    for (const figure of document.querySelectorAll("figure")) {
      const marks = [...figure.querySelectorAll("[data-r]")];
      for (const mark of marks) {
        mark.classList.toggle("off", document.getElementById("r" + mark.dataset.r)?.hidden ?? false);
      }
      figure.hidden = marks.length > 0 && marks.every((mark) => mark.classList.contains("off"));
      for (const group of figure.querySelectorAll("g.series")) {
        const own = [...group.querySelectorAll("[data-r]")];
        group.classList.toggle("off", own.length > 0 && own.every((m) => m.classList.contains("off")));
      }
    }
  };
  const show = () => {
    if (location.hash && !location.hash.includes("=")) return;  // a link to a section
    const chosen = read();
    showRows(chosen);
    showMarks();
    const values = new Map(chosen.filters);
    for (const [column, menu] of menus) {
      const value = values.get(column) ?? "";
      if (![...menu.options].some((option) => option.value === value)) addOption(menu, value);
      menu.value = value;
      menu.classList.toggle("set", value !== "");
    }
    shown.textContent = `${rows.filter((row) => !row.hidden).length} of ${rows.length} rows`;
  };

  // --- what a mark is
  const tip = make("div", { id: "tip", role: "status", hidden: true });
  let here = [];
  const leave = () => {
    for (const element of here) element.classList.remove("here");
    here = [];
    tip.hidden = true;
  };
  const tell = (mark, x, y) => {
    leave();
    const row = document.getElementById("r" + mark.dataset.r);
    if (!row) return;
    const list = make("dl", {});
    for (const column of columns.filter((c) => c.tip)) {
      const text = textOf(row, column);
      if (text) list.append(make("dt", { className: "soft" }, column.heading), make("dd", {}, text));
    }
    here = [row, mark];
    for (const element of here) element.classList.add("here");
    tip.replaceChildren(list);
    tip.hidden = false;
    // The policy allows no attributes of style; setting properties of an element's style it does.
    const size = tip.getBoundingClientRect();
    tip.style.left = `${Math.max(4, Math.min(x + 14, innerWidth - size.width - 8))}px`;
    tip.style.top = `${Math.max(4, y + size.height + 24 > innerHeight ? y - size.height - 14 : y + 14)}px`;
  };
  const placeOf = (mark) => {
    const box = mark.getBoundingClientRect();
    return [box.x + box.width / 2, box.y + box.height / 2];
  };
  const marksOf = (svg) => [...svg.querySelectorAll("[data-r]:not(.off)")];
  const nearest = (svg, x, y) => {
    let best = null;
    let least = 24;
    for (const mark of marksOf(svg)) {
      const [markX, markY] = placeOf(mark);
      const isRow = mark.localName === "g";
      const distance = isRow ? Math.abs(markY - y) : Math.hypot(markX - x, markY - y);
      if (distance < least) [best, least] = [mark, distance];
    }
    return best;
  };
  const step = (svg, by) => {
    const marks = marksOf(svg);
    if (marks.length === 0) return;
    const at = marks.findIndex((mark) => here.includes(mark));
    const mark = marks[at < 0 ? 0 : (at + by + marks.length) % marks.length];
    tell(mark, ...placeOf(mark));
  };
  for (const svg of svgs) {
    if (!svg.querySelector("[data-r]")) continue;
    svg.setAttribute("tabindex", "0");
    svg.addEventListener("pointermove", (event) => {
      const mark = nearest(svg, event.clientX, event.clientY);
      if (mark) tell(mark, event.clientX, event.clientY); else leave();
    });
    svg.addEventListener("pointerleave", leave);
    svg.addEventListener("blur", leave);
    svg.addEventListener("keydown", (event) => {
      const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      if (event.key === "Escape") leave();
      if (!by) return;
      event.preventDefault();
      step(svg, by);
    });
  }

  // Folded parts are printed too.
  const folded = document.querySelectorAll("details:not([open])");
  addEventListener("beforeprint", () => { for (const part of folded) part.open = true; });
  addEventListener("afterprint", () => { for (const part of folded) part.open = false; });

  document.body.append(tip);
  makeBar();
  makeHeadings();
  show();
  addEventListener("hashchange", show);
})();
