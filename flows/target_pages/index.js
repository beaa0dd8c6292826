// The list of plans is whole and in order without this; here it can be narrowed and sorted.
(() => {
  const form = document.getElementById("vis");
  const body = document.querySelector("#planer tbody");
  const status = document.getElementById("vist");
  const rows = [...body.rows];
  const order = { uro: rows, navn: [...rows].sort((a, b) => a.dataset.name.localeCompare(b.dataset.name, "da")) };
  const show = () => {
    const words = form.ord.value.toLocaleLowerCase("da").trim();
    const verdict = form.vurdering.value;
    let shown = 0;
    for (const row of order[form.orden.value]) {
      const fits = row.dataset.words.includes(words) && (!verdict || row.dataset.verdicts.split(" ").includes(verdict));
      row.hidden = !fits;
      shown += fits;
      body.append(row);
    }
    status.textContent = `${shown} af ${rows.length} helhedsplaner vises.`;
  };
  form.hidden = false;
  form.addEventListener("input", show);
  form.addEventListener("submit", (event) => event.preventDefault());
  show();
})();
