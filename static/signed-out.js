// Goes back to the app once the frames have loaded, and keeps the receipts fresh.
// Without this file, the links on the page do both. Old syntax, for old browsers.
"use strict";

(function () {
  var FRAMES_MS = 2500;
  var REFRESH_MS = 1000;
  var GIVE_UP_MS = 60000;

  // The load event of the window waits for every frame, whatever each of them shows.
  function goOn(link) {
    function leave() {
      location.replace(link.href);
    }
    if (document.readyState === "complete") {
      leave();
      return;
    }
    addEventListener("load", leave);
    setTimeout(leave, FRAMES_MS);
  }

  // Only what has changed is replaced, so that a screen reader hears nothing twice.
  function show(fresh) {
    document.querySelectorAll("[data-live]").forEach(function (part) {
      var now = fresh.getElementById(part.id);
      if (now && now.innerHTML !== part.innerHTML) {
        part.replaceChildren.apply(part, Array.prototype.slice.call(now.childNodes));
      }
    });
  }

  function keepFresh(address, until) {
    if (!document.querySelector("[data-waiting]") || Date.now() > until) {
      return;
    }
    setTimeout(function () {
      function again() {
        keepFresh(address, until);
      }
      fetch(address, { cache: "no-store" })
        .then(function (answer) {
          return answer.ok ? answer.text() : "";
        })
        .then(function (text) {
          show(new DOMParser().parseFromString(text, "text/html"));
        })
        .then(again, again);
    }, REFRESH_MS);
  }

  document.addEventListener("DOMContentLoaded", function () {
    var next = document.querySelector("a[data-continue]");
    var check = document.getElementById("check-again");
    if (next) {
      goOn(next);
    } else if (check) {
      keepFresh(check.href, Date.now() + GIVE_UP_MS);
    }
  });
})();
