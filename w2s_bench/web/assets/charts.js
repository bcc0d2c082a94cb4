"use strict";
// Charts: one set of data for all; expressions are interpreted, so that the page needs no eval.
(() => {
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
