"use strict";

// Images and videos as elements, and the notice in their place if the browser cannot show them.

const CALM = matchMedia("(prefers-reduced-motion: reduce)");

/** An image or a video. A video shows its first frame, makes no sound and has no controls, unless it is `large`. */
function mediaOf(entry, { large = false } = {}) {
  const made = document.createElement(entry.kind === "video" ? "video" : "img");
  made.addEventListener("error", () => made.replaceWith(element("span", "unshown", "Cannot be shown here")), { once: true });
  if (entry.width && entry.height) {
    made.width = entry.width;
    made.height = entry.height;
  }
  if (entry.kind === "image") {
    made.alt = large ? spoken(entry) : "";
    made.decoding = "async";
    if (!large) made.loading = "lazy";
    made.src = entry.url;
    return made;
  }
  made.preload = "metadata";
  made.loop = true;
  made.playsInline = true;
  made.muted = !large;
  made.controls = large;
  if (large) made.setAttribute("aria-label", spoken(entry));
  // Some browsers draw no frame before they are sent to one.
  made.src = `${entry.url}#t=0.001`;
  return made;
}

/** Plays the video inside `around`, where there is one and motion is welcome. */
function play(around) {
  const video = around.querySelector("video");
  if (video && !CALM.matches) video.play().catch(() => {}); // a file that cannot be played has its own notice
}

/** Back to the first frame. */
function stop(around) {
  const video = around.querySelector("video");
  if (!video) return;
  video.pause();
  video.currentTime = 0;
}

/** Releases the video inside `around`: browsers play a few dozen at a time and no more. */
function release(around) {
  const video = around.querySelector("video");
  if (!video) return;
  video.removeAttribute("src");
  video.load();
}
