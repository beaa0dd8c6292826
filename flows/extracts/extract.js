"use strict";
// Narrows tables to what is chosen, sorts them, compares places and saves charts. Everything is on the page already:
// without this script all of it is seen at once.
const language = document.documentElement.lang;
const collator = new Intl.Collator(language, { numeric: true });
// What the page says in its language; Danish is its own key.
const words = {};
const say = (text, parts = {}) => (words[text] || text).replace(/\{(\w+)\}/g, (_, name) => parts[name]);

// A number as the page writes it; NaN for words.
const numberOf = text => {
  const plain = language === "da" ? text.replace(/[.,]/g, sign => sign === "." ? "," : ".") : text;
  const found = plain.trim().match(/^[−-]?[\d,]+(\.\d+)?(?=$|[ –%])/);
  return found ? Number(found[0].replace(/,/g, "").replace("−", "-")) : NaN;
};

// Sorts rows by a cell's number or word; words in place of a number stand last, whichever way.
const sorted = (rows, column, read, way) => {
  const valued = rows.map(row => [row, read(row.cells[column])]).map(([row, text]) => [row, numberOf(text), text.trim()]);
  const isNumeric = valued.some(([, value]) => !Number.isNaN(value));
  valued.sort(([, a, aText], [, b, bText]) => {
    if (!isNumeric) return way * collator.compare(aText, bText);
    if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) - Number.isNaN(b) || collator.compare(aText, bText);
    return way * (a - b);
  });
  return [valued.map(([row]) => row), isNumeric];
};

const button = (head, text, press) => {
  const made = document.createElement("button");
  made.type = "button";
  made.textContent = text;
  made.addEventListener("click", press);
  head.replaceChildren(made, ...[...head.children].filter(child => child.localName === "small"));
};

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
    const shown = { rows: seen, figure: said(key), year: said(year).toLowerCase() };
    return seen === 1 ? say("Viser {rows} række: {figure}, {year}.", shown) : say("Viser {rows} rækker: {figure}, {year}.", shown);
  };

  const sort = column => {
    const way = heads[column].getAttribute("aria-sort") === "ascending" ? -1 : 1;
    const [order, isNumeric] = sorted(rows, column, cell => cell.firstChild ? cell.firstChild.textContent : "", way);
    rows.splice(0, rows.length, ...order);
    body.append(...rows);
    heads.forEach((head, at) => {
      if (at === column) head.setAttribute("aria-sort", way === 1 ? "ascending" : "descending");
      else head.removeAttribute("aria-sort");
    });
    const last = isNumeric ? ` ${say("Skjulte og manglende tal står sidst.")}` : "";
    const by = { head: text[column].toLowerCase(), way: way === 1 ? say("stigende") : say("faldende") };
    status.textContent = say("Sorteret efter {head}, {way}.", by) + last;
  };

  heads.forEach((head, column) => button(head, text[column], () => sort(column)));
  const tell = () => { status.textContent = narrow(); };
  key.addEventListener("change", tell);
  year.addEventListener("change", tell);
  choose.hidden = false;
  // A browser that goes back may fill in what was chosen before.
  window.addEventListener("pageshow", tell);
  tell();
}

// The matrix: a press on a head sorts the areas, a third one brings back the order of trouble.
for (const table of document.querySelectorAll("table.matrix")) {
  const body = table.querySelector("tbody.areas");
  const given = [...body.rows];
  const heads = [...table.tHead.rows[table.tHead.rows.length - 1].cells];
  heads.forEach((head, column) => button(head, head.firstChild.textContent, () => {
    const now = head.getAttribute("aria-sort");
    const next = { ascending: "descending", descending: null }[now];
    const way = now === null ? "ascending" : next;
    for (const other of heads) other.removeAttribute("aria-sort");
    if (way) head.setAttribute("aria-sort", way);
    const read = cell => cell ? (cell.querySelector("b") || cell).textContent : "";
    body.append(...(way ? sorted(given, column, read, way === "ascending" ? 1 : -1)[0] : given));
  }));
}

// Compare with: the places stand in the address after '#', so that a link brings the same ones.
for (const pick of document.querySelectorAll(".pick")) {
  const selects = [...pick.querySelectorAll("select")];
  const status = pick.querySelector(".status");
  const rows = [...document.querySelectorAll("table.compared tbody tr")];
  const body = rows[0] && rows[0].parentNode;
  const show = () => {
    const chosen = [...new Set(selects.map(select => select.value).filter(Boolean))];
    for (const row of rows) row.hidden = chosen.length > 0 && !chosen.includes(row.dataset.place);
    body.append(...rows.slice().sort((a, b) => chosen.indexOf(a.dataset.place) - chosen.indexOf(b.dataset.place)));
    const count = chosen.length || rows.length;
    const told = chosen.length === 0 ? "Viser alle {count} steder." : count === 1 ? "Viser {count} sted." : "Viser {count} steder.";
    status.textContent = say(told, { count });
  };
  const read = () => {
    const asked = decodeURIComponent(location.hash.slice(1)).split(",");
    const known = asked.filter(place => rows.some(row => row.dataset.place === place));
    selects.forEach((select, at) => { select.value = known[at] || ""; });
    show();
  };
  for (const select of selects) select.addEventListener("change", () => {
    const chosen = selects.map(each => each.value).filter(Boolean);
    history.replaceState(null, "", chosen.length ? `#${chosen.map(encodeURIComponent).join(",")}` : "#");
    show();
  });
  window.addEventListener("hashchange", read);
  pick.hidden = false;
  if (body) read();
}

// A page is printed by a button, which only a script can press.
for (const list of document.querySelectorAll("#filer ul")) {
  const item = document.createElement("li");
  const print = document.createElement("button");
  print.type = "button";
  print.textContent = say("Print siden");
  print.addEventListener("click", () => window.print());
  item.append(print);
  list.append(item);
}

// A chart is saved as it is drawn, with its name and where it comes from; its numbers are those of the table below.
const save = (name, content, type) => {
  const link = document.createElement("a");
  link.download = name;
  link.href = URL.createObjectURL(new Blob([content], { type }));
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
};
const place = document.querySelector("h1").textContent;
const source = document.querySelector("footer p").textContent;
const drawing = figure => {
  const copy = figure.querySelector("svg").cloneNode(true);
  const [x, y, width, height] = copy.getAttribute("viewBox").split(" ").map(Number);
  for (const [text, at, size] of [[`${place}: ${figure.querySelector("h3").textContent}`, y - 10, 13], [source, y + height + 14, 10]]) {
    const line = document.createElementNS("http://www.w3.org/2000/svg", "text");
    line.setAttribute("x", x);
    line.setAttribute("y", at);
    line.setAttribute("font-size", size);
    line.textContent = text;
    copy.append(line);
  }
  copy.setAttribute("viewBox", `${x} ${y - 26} ${width} ${height + 46}`);
  copy.setAttribute("width", width);
  copy.setAttribute("height", height + 46);
  return { text: new XMLSerializer().serializeToString(copy), width, height: height + 46 };
};
for (const figure of document.querySelectorAll("figure[data-key]")) {
  const stem = `boligprofil-${figure.dataset.key}`;
  const ways = {
    SVG: () => save(`${stem}.svg`, drawing(figure).text, "image/svg+xml"),
    PNG: () => {
      const { text, width, height } = drawing(figure);
      const picture = new Image();
      picture.onload = () => {
        const canvas = document.createElement("canvas");
        canvas.width = 3 * width;
        canvas.height = 3 * height;
        const pen = canvas.getContext("2d");
        pen.fillStyle = "#fff";
        pen.fillRect(0, 0, canvas.width, canvas.height);
        pen.drawImage(picture, 0, 0, canvas.width, canvas.height);
        canvas.toBlob(content => save(`${stem}.png`, content, "image/png"));
      };
      picture.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
    },
    CSV: () => {
      const table = document.querySelector("table.sortable");
      const quoted = cell => `"${cell.textContent.replace(/ [↕↑↓]/g, "").replace(/\s+/g, " ").trim().replace(/"/g, '""')}"`;
      const rows = [...table.tBodies[0].rows].filter(row => row.dataset.key === figure.dataset.key);
      const lines = [table.tHead.rows[0], ...rows].map(row => [...row.cells].map(quoted).join(";"));
      save(`${stem}.csv`, `\ufeff${[`"${source}"`, ...lines].join("\r\n")}\r\n`, "text/csv");
    },
  };
  const bar = document.createElement("p");
  bar.className = "save";
  for (const [way, press] of Object.entries(ways)) {
    const made = document.createElement("button");
    made.type = "button";
    made.textContent = say("Gem {way}", { way });
    made.setAttribute("aria-label", say("Gem {name} som {way}", { name: figure.dataset.name, way }));
    made.addEventListener("click", press);
    bar.append(made);
  }
  figure.append(bar);
}
