"use strict";
// Narrows the tables to what is chosen and sorts them. Everything is on the page already: without this script all of
// it is seen at once.
for (const table of document.querySelectorAll("table.sortable")) {
  const section = table.closest("section");
  const choose = section.querySelector(".choose");
  const [key, year] = ["key", "year"].map(name => choose.querySelector(`[name=${name}]`));
  const status = choose.querySelector(".status");
  const charts = section.querySelector(".charts");
  const body = table.tBodies[0];
  const rows = [...body.rows];
  const heads = [...table.tHead.rows[0].cells];
  const text = heads.map(head => head.textContent);
  const said = select => select.options[select.selectedIndex].textContent;

  // The years of a row: "2012", or "2003–2012" where several say the same.
  const yearsOf = row => row.querySelector(".year").textContent.split("–").map(Number);

  const narrow = () => {
    let seen = 0;
    for (const row of rows) {
      const years = yearsOf(row), last = years[years.length - 1];
      row.hidden = key.value !== "" && row.dataset.key !== key.value
        || year.value !== "" && (Number(year.value) < years[0] || Number(year.value) > last);
      seen += row.hidden ? 0 : 1;
    }
    if (charts) {
      const drawn = [...charts.children];
      for (const chart of drawn) chart.hidden = key.value === "" ? year.value !== "" : chart.dataset.key !== key.value;
      const left = drawn.filter(chart => !chart.hidden).length;
      charts.hidden = left === 0;
      charts.classList.toggle("one", left === 1);
    }
    return `Viser ${seen} ${seen === 1 ? "række" : "rækker"}: ${said(key)}, ${said(year).toLowerCase()}.`;
  };

  // Danish notation as a number; NaN for words.
  const number = cell => {
    const found = cell.firstChild ? cell.firstChild.textContent.trim().match(/^[−-]?[\d.]+(,\d+)?(?=$|[ –])/) : null;
    return found ? Number(found[0].replace(/\./g, "").replace(",", ".").replace("−", "-")) : NaN;
  };
  const order = new Intl.Collator("da", { numeric: true });

  const sort = column => {
    const way = heads[column].getAttribute("aria-sort") === "ascending" ? -1 : 1;
    const valued = rows.map(row => [row, number(row.cells[column]), row.cells[column].textContent.trim()]);
    const isNumeric = valued.some(([, value]) => !Number.isNaN(value));
    valued.sort(([, a, aText], [, b, bText]) => {
      if (!isNumeric) return way * order.compare(aText, bText);
      // Words in place of a number stand last, whichever way.
      if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) - Number.isNaN(b) || order.compare(aText, bText);
      return way * (a - b);
    });
    rows.splice(0, rows.length, ...valued.map(([row]) => row));
    body.append(...rows);
    heads.forEach((head, at) => {
      if (at === column) head.setAttribute("aria-sort", way === 1 ? "ascending" : "descending");
      else head.removeAttribute("aria-sort");
    });
    const last = isNumeric ? " Skjulte og manglende tal står sidst." : "";
    status.textContent = `Sorteret efter ${text[column].toLowerCase()}, ${way === 1 ? "stigende" : "faldende"}.${last}`;
  };

  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = text[column];
    button.addEventListener("click", () => sort(column));
    head.replaceChildren(button);
  });
  const tell = () => { status.textContent = narrow(); };
  key.addEventListener("change", tell);
  year.addEventListener("change", tell);
  choose.hidden = false;
  // A browser that goes back may fill in what was chosen before.
  window.addEventListener("pageshow", tell);
  tell();
}
