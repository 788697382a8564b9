"use strict";

// What the page knows: its entries, and the questions that are asked of them.

const DATA = JSON.parse(document.getElementById("data").textContent);

const BY_NAME = new Intl.Collator(undefined, { numeric: true });
const ORDERS = {
  newest: (one, other) => other.at - one.at || BY_NAME.compare(one.path, other.path),
  oldest: (one, other) => one.at - other.at || BY_NAME.compare(one.path, other.path),
  name: (one, other) => BY_NAME.compare(one.path, other.path),
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
  return [...counts].sort(([one], [other]) => BY_NAME.compare(one, other));
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
