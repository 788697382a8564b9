"use strict";

// The wall: cards in columns, as tall as their images. The places of all are computed from widths and heights that
// are known beforehand, so nothing jumps; the cards themselves exist only near the window, so 10,000 files are few.

const GAP = 16;
const NEAR = 900; // pixels above and below the window
const SHAPES = { tallest: 0.5, widest: 3, unknown: { image: 1, video: 16 / 9 } };

/** How wide a column is at least, by the width that there is. */
const narrowest = (width) => (width < 560 ? 150 : width < 1700 ? 236 : 300);

/** Width by height of the box of an entry's image. */
function shapeOf(entry) {
  if (!entry.width || !entry.height) return SHAPES.unknown[entry.kind];
  return Math.min(SHAPES.widest, Math.max(SHAPES.tallest, entry.width / entry.height));
}

function cardOf(entry) {
  const shared = madeTogether(entry);
  const cost = entry.cost === undefined ? null : dollars(entry.cost) + (shared > 1 ? ` for ${shared}` : "");
  const maker = element("span", entry.model ? "model" : "faint", entry.model ?? (entry.has_sidecar ? "" : "no sidecar"));
  const caption = element(
    "span",
    "caption",
    foreign("span", entry.prompt ? "words" : "words none", beginning(entry.prompt) ?? fileName(entry)),
    element("span", "line", maker, cost && element("span", "cost", cost)),
    element("span", "line faint", element("span", "", pixels(entry) ?? bytes(entry.bytes)), element("span", "", day(entry.at))),
  );
  if (shared > 1 && cost) caption.querySelector(".cost").title = `of one call that made ${shared} files`;
  const shown = element("span", "shown", mediaOf(entry));
  if (entry.kind === "video") {
    shown.append(element("span", "badge", entry.duration_seconds ? `▶ ${seconds(entry.duration_seconds)}` : "▶"));
  }
  const button = element("button", "card", shown, caption);
  button.type = "button";
  button.setAttribute("aria-label", spoken(entry));
  for (const event of ["pointerenter", "focus"]) button.addEventListener(event, () => play(button));
  for (const event of ["pointerleave", "blur"]) button.addEventListener(event, () => stop(button));
  const item = element("li", "item", button);
  item.dataset.path = entry.path;
  return item;
}

class Wall {
  #list;
  #ruler;
  #open;
  #entries = [];
  #places = [];
  #columns = 1;
  #cards = new Map();
  #current = 0;
  #width = 0;
  #tall = 0;

  /** `open` is called with the number of the entry that is chosen. */
  constructor(list, ruler, open) {
    [this.#list, this.#ruler, this.#open] = [list, ruler, open];
    list.addEventListener("keydown", (event) => this.#onKey(event));
    list.addEventListener("click", (event) => {
      const item = event.target.closest(".item");
      if (item) this.#open(this.#numberOf(item));
    });
    list.addEventListener("focusin", (event) => this.#choose(this.#numberOf(event.target.closest(".item"))));
    addEventListener("scroll", () => this.#draw(), { passive: true });
    const resized = new ResizeObserver(() => requestAnimationFrame(() => this.#arrange({ keepPlace: true })));
    resized.observe(list);
    resized.observe(ruler); // letters that a person makes larger
    addEventListener("resize", () => this.#draw());
  }

  show(entries) {
    this.#entries = entries;
    this.#current = 0;
    this.#arrange({ force: true });
  }

  /** Moves the keyboard to a card, and the window where it must. */
  focus(number) {
    if (!this.#entries[number]) return;
    this.#choose(number);
    const button = this.#cards.get(this.#entries[number]).firstChild;
    button.focus({ preventScroll: true });
    button.scrollIntoView({ block: "nearest" });
  }

  /** To the first card in the window. */
  enter() {
    this.focus(this.#firstInWindow());
  }

  #arrange({ force = false, keepPlace = false } = {}) {
    const width = this.#list.clientWidth;
    const tall = this.#ruler.offsetHeight;
    if (!force && width === this.#width && tall === this.#tall) return;
    const kept = keepPlace && scrollY > 0 ? this.#firstInWindow() : null;
    [this.#width, this.#tall] = [width, tall];
    this.#columns = Math.max(1, Math.floor((width + GAP) / (narrowest(width) + GAP)));
    const gap = width < 560 ? 10 : GAP;
    const wide = (width - gap * (this.#columns - 1)) / this.#columns;
    const ends = new Array(this.#columns).fill(0);
    this.#places = this.#entries.map((entry) => {
      const column = ends.indexOf(Math.min(...ends));
      const image = Math.round(wide / shapeOf(entry));
      const place = { column, left: column * (wide + gap), top: ends[column], wide, image, high: image + tall };
      ends[column] += place.high + gap;
      return place;
    });
    this.#list.style.height = `${Math.max(0, ...ends) - (this.#entries.length ? gap : 0)}px`;
    this.#draw({ moved: true });
    if (kept) this.#cards.get(this.#entries[kept])?.scrollIntoView({ block: "start" });
  }

  #draw({ moved = false } = {}) {
    const start = -this.#list.getBoundingClientRect().top - NEAR;
    const end = start + innerHeight + 2 * NEAR;
    if (!this.#list.contains(document.activeElement)) this.#current = this.#firstInWindow();
    const wanted = new Map();
    this.#places.forEach(({ top, high }, number) => {
      if ((top < end && top + high > start) || number === this.#current) wanted.set(this.#entries[number], number);
    });
    for (const [entry, item] of this.#cards) {
      if (wanted.has(entry)) continue;
      release(item);
      item.remove();
      this.#cards.delete(entry);
    }
    let before = null;
    for (const [entry, number] of wanted) {
      const existing = this.#cards.get(entry);
      const item = existing ?? cardOf(entry);
      this.#cards.set(entry, item);
      if (!existing || moved) this.#put(item, number);
      item.firstChild.tabIndex = number === this.#current ? 0 : -1;
      // In the order of the entries, for those who listen to the page.
      const after = before ? before.nextSibling : this.#list.firstChild;
      if (after !== item) this.#list.insertBefore(item, after);
      before = item;
    }
  }

  #put(item, number) {
    const { left, top, wide, image } = this.#places[number];
    Object.assign(item.style, { left: `${left}px`, top: `${top}px`, width: `${wide}px` });
    item.style.setProperty("--image", `${image}px`);
    item.dataset.number = number;
    item.setAttribute("aria-setsize", this.#entries.length);
    item.setAttribute("aria-posinset", number + 1);
  }

  #numberOf(item) {
    return Number(item.dataset.number);
  }

  #firstInWindow() {
    const start = -this.#list.getBoundingClientRect().top;
    return Math.max(0, this.#places.findIndex(({ top }) => top >= start));
  }

  #choose(number) {
    const before = this.#cards.get(this.#entries[this.#current]);
    if (before) before.firstChild.tabIndex = -1;
    this.#current = number;
    if (!this.#cards.has(this.#entries[number])) this.#draw();
    this.#cards.get(this.#entries[number]).firstChild.tabIndex = 0;
  }

  #onKey(event) {
    if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const last = this.#entries.length - 1;
    const steps = {
      ArrowUp: () => this.#along(-1),
      ArrowDown: () => this.#along(1),
      ArrowLeft: () => this.#across(-1),
      ArrowRight: () => this.#across(1),
      Home: () => 0,
      End: () => last,
    };
    if (!Object.hasOwn(steps, event.key)) return;
    event.preventDefault();
    this.focus(steps[event.key]() ?? this.#current);
  }

  /** The next card of the same column. */
  #along(step) {
    const { column } = this.#places[this.#current];
    for (let number = this.#current + step; this.#places[number]; number += step) {
      if (this.#places[number].column === column) return number;
    }
    return null;
  }

  /** The card beside this one that stands most level with it. */
  #across(step) {
    const here = this.#places[this.#current];
    const middle = here.top + here.high / 2;
    let best = null;
    let least = Infinity;
    this.#places.forEach(({ column, top, high }, number) => {
      const away = Math.abs(top + high / 2 - middle);
      if (column === here.column + step && away < least) [best, least] = [number, away];
    });
    return best;
  }
}
