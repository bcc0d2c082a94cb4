"use strict";
// Sorting and filtering of tables. Nothing here builds HTML from text.
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

  // A filter: words in any order, and one value of each list; for the rows of the tables and the blocks that the
  // form names. It counts those of the first table.
  for (const form of all("form.filter")) {
    const search = form.querySelector("input[type=search]");
    const shown = form.querySelector("output");
    const [rows, ...more] = form.dataset.for.split(" ").map((name) => all(`#${name}-table tbody tr`));
    const blocks = [...more.flat(), ...(form.dataset.blocks ? all(form.dataset.blocks) : [])];
    const told = (e) => `${Object.values(e.dataset).join(" ")} ${e.tagName === "TR" ? e.cells[0].textContent : ""}`;
    const words = new Map([...rows, ...blocks].map((e) => [e, told(e).toLowerCase()]));
    const filter = () => {
      const wanted = all("select[data-filter]", form).filter((s) => s.value);
      const asked = search.value.toLowerCase().split(/\s+/).filter(Boolean);
      const fits = (element) =>
        wanted.every((s) => (element.dataset[s.dataset.filter] ?? "").split("|").includes(s.value)) &&
        asked.every((word) => words.get(element).includes(word));
      let count = 0;
      for (const row of rows) count += !(row.hidden = !fits(row));
      for (const block of blocks) block.hidden = !fits(block);
      shown.textContent = `${count} of ${rows.length} ${form.dataset.noun}`;
    };
    form.addEventListener("input", filter);
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("reset", () => setTimeout(filter));
    filter();
  }
})();
