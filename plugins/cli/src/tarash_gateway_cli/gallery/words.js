"use strict";

// How values are written, and how elements are made. Text only ever becomes text: nothing here takes HTML.

const COUNT = new Intl.NumberFormat();
const DAY = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const DAY_AND_YEAR = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", year: "numeric" });
const DAY_AND_TIME = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });

const CENTS = new Intl.NumberFormat(undefined, { style: "currency", currency: "USD" });
const FINE = new Intl.NumberFormat(undefined, { style: "currency", currency: "USD", maximumFractionDigits: 4 });

/** US dollars; an image may cost half a cent. */
const dollars = (value) => (value < 1 ? FINE : CENTS).format(value);

/** A day, with its year where it is not this one. */
function day(time) {
  const thisYear = new Date(time).getFullYear() === new Date().getFullYear();
  return (thisYear ? DAY : DAY_AND_YEAR).format(time);
}

/** `1 video`, `2 videos`. */
const counted = (count, noun) => `${COUNT.format(count)} ${noun}${count === 1 ? "" : "s"}`;

const seconds = (value) => `${Number(value.toFixed(1))} s`;

const pixels = (entry) => (entry.width && entry.height ? `${entry.width}×${entry.height}` : null);

function bytes(size) {
  if (size < 1000) return `${size} B`;
  return size < 1e6 ? `${Math.round(size / 1e3)} kB` : `${(size / 1e6).toFixed(1)} MB`;
}

/** The last part of a path. */
const fileName = (entry) => entry.path.slice(entry.path.lastIndexOf("/") + 1);

/** The text for a person who cannot see the image. */
function spoken(entry) {
  const kind = entry.kind === "video" ? "Video" : "Image";
  return [kind, beginning(entry.prompt) ?? entry.path, entry.model, pixels(entry)].filter(Boolean).join(", ");
}

/** As much of a prompt as a card has room for: some are pages long. */
const beginning = (text) => text?.slice(0, 300);

/** An element with a class and with text or elements in it; what is null is left out. */
function element(tag, className, ...content) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.append(...content.filter((part) => part !== null && part !== undefined));
  return made;
}

/** Text in an unknown language and direction, which keeps its direction to itself. */
function foreign(tag, className, text) {
  const made = element(tag, className, text);
  made.dir = "auto";
  made.lang = "";
  return made;
}
