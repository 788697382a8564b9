"use strict";

// A comparison: a column for each model, with what it made, how long it took, what it cost, and what was changed for it.

class Comparison {
  #list;
  #open;
  #entries = [];

  /** `open` is called with the entries and the number of the one that is chosen. */
  constructor(list, open) {
    [this.#list, this.#open] = [list, open];
  }

  show({ models }) {
    const found = new Map(DATA.entries.map((entry) => [entry.path, entry]));
    this.#list.replaceChildren(...models.map((model) => this.#column(model, found)));
  }

  /** Moves the keyboard to a file. */
  focus(number) {
    this.#list.querySelectorAll(".card")[number]?.focus();
  }

  #column(model, found) {
    const entries = model.files.map((path) => found.get(path)).filter(Boolean);
    const unknown = { no: "not billed", unknown: "possibly billed" }[model.billable] ?? "not known";
    const facts = { Time: seconds(model.seconds), Cost: model.cost === undefined ? unknown : dollars(model.cost) };
    const column = element(
      "li",
      "column",
      element("h2", "maker", foreign("span", "model", model.model), element("small", "faint", model.provider)),
      element("div", "files", ...entries.map((entry) => this.#card(entry)), entries.length ? null : this.#nothing(model)),
      element("dl", "figures", ...Object.entries(facts).flatMap(([name, value]) => [element("dt", "", name), element("dd", "", value)])),
      element("ul", "changes", ...model.changes.map((change) => foreign("li", "", change))),
    );
    column.dataset.model = `${model.provider}/${model.model}`;
    return column;
  }

  #card(entry) {
    const shown = element("span", "shown", mediaOf(entry));
    shown.style.setProperty("aspect-ratio", String(shapeOf(entry)));
    const button = element("button", "card", shown);
    button.type = "button";
    button.setAttribute("aria-label", spoken(entry));
    const number = this.#entries.push(entry) - 1;
    button.addEventListener("click", () => this.#open(this.#entries, number));
    for (const event of ["pointerenter", "focus"]) button.addEventListener(event, () => play(button));
    for (const event of ["pointerleave", "blur"]) button.addEventListener(event, () => stop(button));
    return button;
  }

  #nothing(model) {
    return foreign("p", "warning", model.error ?? "No file is here.");
  }
}
