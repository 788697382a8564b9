"use strict";

// The entries of the page, and functions over them.

const DATA = JSON.parse(document.getElementById("data").textContent);

const BY_NAME = new Intl.Collator(undefined, { numeric: true });
const ORDERS = {
  newest: (a, b) => b.at - a.at || BY_NAME.compare(a.path, b.path),
  oldest: (a, b) => a.at - b.at || BY_NAME.compare(a.path, b.path),
  name: (a, b) => BY_NAME.compare(a.path, b.path),
};

/** Text as it is compared: full-width letters and capitals make no difference. */
const plain = (text) => text.normalize("NFKC").toLowerCase();

for (const entry of DATA.entries) {
  entry.searched = plain([entry.prompt, entry.revised_prompt, entry.path].filter(Boolean).join("\n"));
}

/** The entries that have every word of `words`, that model and that kind, in order. What is empty takes all. */
function matching({ words, model, kind, order }) {
  const wanted = plain(words).split(/\s+/).filter(Boolean);
  return DATA.entries
    .filter((entry) => (!kind || entry.kind === kind) && (!model || entry.model === model))
    .filter((entry) => wanted.every((word) => entry.searched.includes(word)))
    .sort(ORDERS[order]);
}

/** How many files each model made, by name. */
function modelCounts() {
  const counts = new Map();
  for (const { model } of DATA.entries) {
    if (model) counts.set(model, (counts.get(model) ?? 0) + 1);
  }
  return [...counts].sort(([a], [b]) => BY_NAME.compare(a, b));
}

const CALLS = new Map();
for (const entry of DATA.entries) {
  if (entry.request_id) CALLS.set(entry.request_id, (CALLS.get(entry.request_id) ?? 0) + 1);
}

/** How many files the call made that made this one: they share its cost, and some may be elsewhere. */
const madeTogether = (entry) => Math.max(entry.outputs ?? 1, CALLS.get(entry.request_id) ?? 1);

/** What entries cost together, each call once, and of how many files that is known. */
function costOf(entries) {
  const counted = new Set();
  let total = 0;
  let known = 0;
  let shared = false;
  for (const entry of entries) {
    if (entry.cost === undefined) continue;
    known += 1;
    if (counted.has(entry.request_id)) {
      shared = true;
      continue;
    }
    if (entry.request_id) counted.add(entry.request_id);
    total += entry.cost;
  }
  return { total, known, shared };
}
