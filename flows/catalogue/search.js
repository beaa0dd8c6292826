"use strict";
// The list is whole without this script; with it a box narrows it to the entries that hold every word.
(() => {
  const box = document.getElementById("words");
  const entries = [...document.querySelectorAll("[data-entry]")];
  const count = document.getElementById("count");
  document.getElementById("search").hidden = false;
  const narrow = () => {
    const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const entry of entries) {
      const text = entry.textContent.toLowerCase();
      entry.hidden = !words.every((word) => text.includes(word));
      shown += entry.hidden ? 0 : 1;
    }
    count.textContent = `${shown} of ${entries.length} entries`;
  };
  box.addEventListener("input", narrow);
  narrow();
})();
