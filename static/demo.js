// Shows in an open page of a demo app that its session ended. A reload shows the same.
"use strict";

const show = (fresh) => {
  const main = document.querySelector("main");
  const events = fresh.querySelector("main").dataset.events;
  if (events) main.dataset.events = events; else delete main.dataset.events;
  for (const part of document.querySelectorAll("[data-part]")) {
    const next = fresh.querySelector(`[data-part="${part.dataset.part}"]`);
    part.replaceChildren(...(next ? next.childNodes : []));
  }
};

const renew = async () => {
  try {
    const answer = await fetch("/", { cache: "no-store" });
    show(new DOMParser().parseFromString(await answer.text(), "text/html"));
    listen();
  } catch {
    // The app is gone: there is nothing new to show.
  }
};

const listen = () => {
  const url = document.querySelector("main").dataset.events;
  if (!url) return;
  const events = new EventSource(url);
  events.addEventListener("ended", () => {
    events.close();
    renew();
  });
  events.addEventListener("error", () => {
    if (events.readyState === EventSource.CLOSED) renew();
  });
};

listen();
