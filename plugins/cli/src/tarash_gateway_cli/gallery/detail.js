"use strict";

// The dialog: one file large, with all its facts.

class Detail {
  #dialog;
  #closed;
  #entries = [];
  #number = 0;

  /** `closed` is called with the number of the entry that was shown last. */
  constructor(dialog, closed) {
    [this.#dialog, this.#closed] = [dialog, closed];
    this.#part(".close").addEventListener("click", () => dialog.close());
    this.#part(".previous").addEventListener("click", () => this.#step(-1));
    this.#part(".next").addEventListener("click", () => this.#step(1));
    this.#part(".copy").addEventListener("click", () => this.#copy());
    dialog.addEventListener("click", (event) => event.target === dialog && dialog.close()); // beside it
    // On the document: a click beside the buttons takes the focus out of the dialog.
    document.addEventListener("keydown", (event) => dialog.open && this.#onKey(event));
    dialog.addEventListener("close", () => {
      if (dialog.open) return; // this comes later than the close, and somebody was quick
      release(dialog);
      this.#part(".frame").replaceChildren();
      this.#closed(this.#number);
    });
  }

  open(entries, number) {
    this.#entries = entries;
    this.#show(number);
    this.#dialog.showModal();
    this.#part(".close").focus();
  }

  #part(selector) {
    return this.#dialog.querySelector(selector);
  }

  #step(by) {
    if (this.#entries[this.#number + by]) this.#show(this.#number + by);
  }

  #onKey(event) {
    const steps = { ArrowLeft: -1, ArrowRight: 1 };
    // A video that has the focus uses these keys itself, to seek.
    if (!Object.hasOwn(steps, event.key) || event.target.matches("video") || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    this.#step(steps[event.key]);
  }

  #show(number) {
    const entry = this.#entries[number];
    this.#number = number;
    release(this.#dialog);
    const media = mediaOf(entry, { large: true });
    this.#part(".frame").replaceChildren(media);
    if (entry.kind === "video" && !CALM.matches) {
      media.muted = true; // a sound that nobody asked for; the controls have it
      media.autoplay = true;
    }
    this.#allow(".previous", number > 0);
    this.#allow(".next", number < this.#entries.length - 1);
    this.#part(".place").textContent = `${COUNT.format(number + 1)} of ${COUNT.format(this.#entries.length)}`;
    this.#part(".name").textContent = entry.path;
    this.#part(".prompt").textContent = entry.prompt ?? "";
    this.#part(".prompt").hidden = this.#part(".copy").hidden = !entry.prompt;
    this.#part(".copy").textContent = "Copy prompt";
    // An SVG that is opened by itself is a document: its scripts would run, from a file of a vendor.
    const active = /\.svg$/i.test(entry.path);
    this.#part(".open").hidden = active;
    if (active) this.#part(".open").removeAttribute("href");
    else this.#part(".open").href = entry.url;
    this.#part(".facts").replaceChildren(...factsOf(entry));
    this.#part(".text").scrollTop = this.#dialog.scrollTop = 0;
  }

  #allow(selector, possible) {
    const button = this.#part(selector);
    if (!possible && button === document.activeElement) this.#part(".close").focus();
    button.disabled = !possible;
  }

  async #copy() {
    const { prompt } = this.#entries[this.#number];
    const copied = await navigator.clipboard?.writeText(prompt).then(() => true, () => false);
    this.#part(".copy").textContent = copied || this.#copyTheOldWay(prompt) ? "Copied" : "Not copied: select the text";
  }

  /** For pages that came over plain HTTP, where there is no clipboard. */
  #copyTheOldWay(text) {
    const field = element("textarea", "unseen");
    field.value = text;
    this.#dialog.append(field);
    field.select();
    const copied = document.execCommand("copy");
    field.remove();
    this.#part(".copy").focus();
    return copied;
  }
}

function factsOf(entry) {
  const together = madeTogether(entry);
  const source = { vendor: "by the vendor", computed: "by the price list" }[entry.cost_source];
  const shared = together > 1 ? `for all ${together} files of the call` : null;
  const cost = entry.cost === undefined ? null : [dollars(entry.cost), source, shared].filter(Boolean).join(", ");
  const time = DAY_AND_TIME.format(entry.at) + (entry.at_is_file_time ? " (of the file)" : "");
  return [
    entry.has_sidecar ? null : element("p", "hint", "Nothing more is known: there is no readable sidecar beside this file."),
    ...(entry.warnings ?? []).map((warning) => foreign("p", "warning", warning)),
    table(null, {
      Model: entry.model,
      Provider: entry.provider,
      Size: pixels(entry) && `${pixels(entry)} pixels`,
      Length: entry.duration_seconds && seconds(entry.duration_seconds),
      Cost: cost,
      Made: time,
      File: bytes(entry.bytes),
    }),
    table("Parameters", entry.parameters),
    ...adjusted(entry.adjustments),
    folded("Revised prompt", entry.revised_prompt && foreign("p", "prompt small", entry.revised_prompt)),
    folded("Identifiers", table(null, {
      Request: entry.request_id,
      "At the vendor": entry.provider_request_id,
      Job: entry.job_id,
      "SHA-256": entry.sha256,
    }, "codes")),
  ].filter(Boolean);
}

/** Names and values, or null where nothing has a value. */
function table(heading, values, className = "") {
  const rows = Object.entries(values ?? {}).filter(([, value]) => value !== null && value !== undefined);
  if (!rows.length) return null;
  const list = element("dl", className);
  for (const [name, value] of rows) {
    list.append(element("dt", "", name), foreign("dd", "", typeof value === "object" ? JSON.stringify(value) : String(value)));
  }
  return element("section", "", heading && element("h3", "", heading), list);
}

function adjusted(adjustments) {
  if (!adjustments) return [];
  const written = (value) => (typeof value === "string" ? value : JSON.stringify(value) ?? "nothing");
  const lines = adjustments.map(({ field, asked, sent, reason }) =>
    element(
      "li",
      "",
      element("b", "", written(field)),
      " ",
      foreign("span", "asked", written(asked)),
      " → ",
      foreign("span", "", written(sent)),
      reason ? foreign("small", "", written(reason)) : null,
    ),
  );
  return [element("section", "", element("h3", "", "Adjustments"), element("ul", "adjustments", ...lines))];
}

function folded(heading, content) {
  return content ? element("details", "", element("summary", "", heading), content) : null;
}
