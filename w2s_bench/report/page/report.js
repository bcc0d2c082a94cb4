"use strict";
// Sorting and filtering of tables, and the charts. Nothing here builds HTML from text.
(() => {
  const all = (selector, from = document) => Array.from(from.querySelectorAll(selector));
  const collator = new Intl.Collator("en", { numeric: true });

  // Tables: a press on a head sorts, a second one turns the order; rows without a value stay last.
  const valueOf = (row, column) => {
    const cell = row.cells[column];
    const told = cell.dataset.sort;
    if (told === undefined) return cell.textContent.trim();
    return told === "" ? null : Number(told);
  };
  const compared = (a, b) => (typeof a === "number" && typeof b === "number" ? a - b : collator.compare(a, b));
  const sort = (head) => {
    const table = head.closest("table");
    const column = head.cellIndex;
    const down = head.getAttribute("aria-sort") === "ascending";
    for (const other of all("th", table)) other.setAttribute("aria-sort", "none");
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    const keyed = Array.from(table.tBodies[0].rows, (row) => [valueOf(row, column), row]);
    const empty = (value) => value === null || value === "";
    keyed.sort(([a], [b]) => {
      if (empty(a) || empty(b)) return empty(a) - empty(b);
      return down ? compared(b, a) : compared(a, b);
    });
    table.tBodies[0].append(...keyed.map(([, row]) => row));
  };
  for (const head of all("th")) head.querySelector("button").addEventListener("click", () => sort(head));

  // The filter: words in any order, and one value of each list; tables of cells and examples alike.
  const form = document.getElementById("filter");
  const search = document.getElementById("words-filter");
  const shown = document.getElementById("shown");
  const rows = all("#cells-table tbody tr");
  const examples = all("details.cell");
  const words = new Map([...rows, ...examples].map((e) => [e, Object.values(e.dataset).join(" ").toLowerCase()]));
  const filter = () => {
    const wanted = all("select[data-filter]", form).filter((s) => s.value);
    const asked = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const fits = (element) =>
      wanted.every((s) => element.dataset[s.dataset.filter] === s.value) &&
      asked.every((word) => words.get(element).includes(word));
    let count = 0;
    for (const row of rows) count += !(row.hidden = !fits(row));
    for (const example of examples) example.hidden = !fits(example);
    shown.textContent = `${count} of ${rows.length} cells`;
  };
  form.addEventListener("input", filter);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(filter));
  filter();

  // A link from a row opens its examples.
  const open = () => {
    const target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (target instanceof HTMLDetailsElement) {
      target.hidden = false;
      target.open = true;
      target.scrollIntoView();
    }
  };
  addEventListener("hashchange", open);
  open();

  // Charts: one set of data for all; expressions are interpreted, so that the page needs no eval.
  const parse = (id) => JSON.parse(document.getElementById(id).textContent);
  const specs = parse("chart-specs");
  const data = parse("chart-data");
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  const options = { actions: false, renderer: "svg", ast: true, logLevel: 1, tooltip: { theme: dark ? "dark" : "light" } };
  const views = [];
  const used = (spec) => {
    const names = new Set();
    JSON.stringify(spec, (key, value) => {
      if (key === "data" && value && value.name) names.add(value.name);
      return value;
    });
    return Object.fromEntries([...names].map((name) => [name, data[name]]));
  };
  const select = document.getElementById("task");
  const embed = (chart) =>
    vegaEmbed(`#chart-${chart.name}`, { ...chart.spec, datasets: used(chart.spec) }, options).then((made) => {
      if (chart.by_task) {
        views.push(made.view);
        if (select.value) made.view.signal("task", select.value).run();
      }
    });
  if (select) {
    select.addEventListener("change", () => {
      for (const view of views) view.signal("task", select.value).run();
    });
  }
  Promise.all(specs.map(embed)).then(
    () => document.documentElement.classList.add("drawn"),
    (error) => console.error(error),
  );
})();
