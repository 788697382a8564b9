"use strict";

// The parts put together: what is chosen at the top decides what hangs on the wall; a comparison hangs there by itself.

const part = (id) => document.getElementById(id);
const find = part("find");
let shown = [];

const detail = new Detail(part("detail"), (number) => (DATA.comparison ? comparison : wall).focus(number));
const comparison = new Comparison(part("compared"), (entries, number) => detail.open(entries, number));
const wall = new Wall(part("wall"), part("ruler"), (number) => detail.open(shown, number));

function chosen() {
  const kind = document.querySelector("#kinds input:checked").value;
  return { words: find.value, model: part("models").value, kind, order: part("order").value };
}

function update() {
  shown = matching(chosen());
  wall.show(shown);
  const [facts, hints] = summaryOf(shown);
  part("summary").replaceChildren(facts, element("small", "", hints));
  const empty = shown.length === 0;
  part("nothing").hidden = !empty;
  part("nothing").firstElementChild.textContent = DATA.entries.length ? "Nothing matches." : "There are no images or videos here.";
  part("nothing").lastElementChild.hidden = DATA.entries.length === 0;
}

function summaryOf(entries) {
  const all = DATA.entries.length;
  const videos = entries.filter((entry) => entry.kind === "video").length;
  const kinds = [counted(entries.length - videos, "image"), counted(videos, "video")];
  const { total, known, shared } = costOf(entries);
  const facts = [
    entries.length < all ? `${COUNT.format(entries.length)} of ${counted(all, "file")}` : counted(all, "file"),
    kinds.join(", "),
    known ? dollars(total) : null,
  ];
  const hints = [
    known && known < entries.length ? `The cost of ${COUNT.format(known)} of them is known.` : null,
    shared ? "The cost of a call that made several files is counted once." : null,
  ];
  return [facts.filter(Boolean).join(" · "), hints.filter(Boolean).join(" ")];
}

/** The page of a comparison: its models in place of the wall. */
function showComparison({ prompt, models }) {
  for (const id of ["tools", "wall", "keys"]) part(id).hidden = true;
  part("compared").hidden = false;
  part("asked-for").hidden = prompt === document.title;
  part("asked-for").textContent = prompt;
  const costs = models.map((model) => model.cost).filter((cost) => cost !== undefined);
  const files = models.reduce((count, model) => count + model.files.length, 0);
  const facts = [counted(models.length, "model"), counted(files, "file")];
  if (costs.length) facts.push(dollars(costs.reduce((total, cost) => total + cost, 0)));
  const hint = costs.length && costs.length < models.length ? `The cost of ${COUNT.format(costs.length)} of them is known.` : "";
  part("summary").replaceChildren(facts.join(" · "), element("small", "", hint));
  comparison.show({ models });
}

function showAll() {
  find.value = "";
  part("models").value = "";
  document.querySelector("#kinds input").checked = true;
  update();
  find.focus();
}

/** Keys that work wherever the focus is, as long as nothing is typed and no dialog is open. */
function onKey(event) {
  if (part("detail").open || event.altKey || event.ctrlKey || event.metaKey) return;
  if (event.target === find && event.key === "ArrowDown") wall.enter();
  else if (event.target.matches("input, select, textarea")) return;
  else if (event.key === "/") find.select();
  else if (event.target === document.body && ["ArrowLeft", "ArrowRight"].includes(event.key)) wall.enter();
  else return;
  event.preventDefault();
  if (event.key === "/") find.focus();
}

const models = modelCounts();
part("models").append(new Option("All models", ""), ...models.map(([name, count]) => new Option(`${name} (${count})`, name)));
part("models").hidden = models.length < 2;
if (DATA.notes.length) {
  part("notes").hidden = false;
  part("notes").querySelector("summary").textContent = counted(DATA.notes.length, "note");
  part("notes").querySelector("ul").append(...DATA.notes.map((note) => foreign("li", "", note)));
}

let waiting = 0;
find.addEventListener("input", () => {
  clearTimeout(waiting); // with 10,000 files, not for each letter
  waiting = setTimeout(update, 80);
});
for (const id of ["models", "order", "kinds"]) part(id).addEventListener("change", update);
part("nothing").lastElementChild.addEventListener("click", showAll);
if (DATA.comparison) {
  showComparison(DATA.comparison);
} else {
  document.addEventListener("keydown", onKey);
  update();
}
