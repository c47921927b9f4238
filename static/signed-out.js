// Goes back to the app once the frames have loaded, and keeps receipts fresh wherever they stand:
// after a sign-out, on the account page, on the pages of administrators.
// Without this file, the links on the page do both. Old syntax, for old browsers.
"use strict";

(function () {
  var FRAMES_MS = 2500;
  var REFRESH_MS = 1000;
  var GIVE_UP_MS = 60000;
  var STREAM_MS = 600000;
  var FAILURES = 1;

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

  function waits() {
    return document.querySelector("[data-waiting]") !== null;
  }

  // Only what has changed is replaced, so that a screen reader hears nothing twice.
  // False, if the page that came is another one: who may look has changed.
  function show(fresh) {
    var same = false;
    document.querySelectorAll("[data-live]").forEach(function (part) {
      var now = fresh.getElementById(part.id);
      same = same || now !== null;
      if (now && now.innerHTML !== part.innerHTML) {
        part.replaceChildren.apply(part, Array.prototype.slice.call(now.childNodes));
      }
    });
    if (same) {
      settle(fresh);
    }
    return same;
  }

  // Nothing is under way any more: nothing to check again.
  function settle(fresh) {
    var check = document.getElementById("check-again");
    if (check === null || fresh.getElementById("check-again")) {
      return;
    }
    if (document.activeElement === check) {
      var heading = document.querySelector("h1");
      heading.tabIndex = -1;
      heading.focus();
    }
    check.parentNode.removeChild(check);
  }

  function load(address) {
    return fetch(address, { cache: "no-store" })
      .then(function (answer) {
        if (!answer.ok) {
          throw new Error("not now");
        }
        return answer.text();
      })
      .then(function (text) {
        return show(new DOMParser().parseFromString(text, "text/html"));
      });
  }

  // Each second, for a while. The page may fail to come, and is asked for again.
  function keepAsking(address, until) {
    if (!waits() || Date.now() > until) {
      return;
    }
    setTimeout(function () {
      load(address)
        .catch(function () {
          return true;
        })
        .then(function (same) {
          if (same) {
            keepAsking(address, until);
          }
        });
    }, REFRESH_MS);
  }

  // The server says when to ask. Where it does not, the page asks by itself.
  function listen(address, events) {
    var source = new EventSource(events);
    var failures = 0;
    var loading = false;
    var again = false;
    function stop() {
      clearTimeout(patience);
      source.close();
    }
    function update() {
      again = loading;
      if (loading) {
        return;
      }
      loading = true;
      load(address)
        .catch(function () {
          stop();
          keepAsking(address, Date.now() + GIVE_UP_MS);
          return true;
        })
        .then(function (same) {
          loading = false;
          if (!same || !waits()) {
            stop();
          } else if (again) {
            update();
          }
        });
    }
    var patience = setTimeout(stop, STREAM_MS);
    source.addEventListener("changed", update);
    source.addEventListener("done", stop);
    source.addEventListener("open", function () {
      failures = 0;
    });
    // A stream that broke off is opened again by the browser; one that was refused is not.
    source.addEventListener("error", function () {
      failures += 1;
      if (source.readyState === EventSource.CLOSED || failures > FAILURES) {
        stop();
        keepAsking(address, Date.now() + GIVE_UP_MS);
      }
    });
  }

  document.addEventListener("DOMContentLoaded", function () {
    var next = document.querySelector("a[data-continue]");
    var check = document.getElementById("check-again");
    if (next) {
      goOn(next);
    } else if (check && waits()) {
      var events = check.getAttribute("data-events");
      if (events && "EventSource" in window) {
        listen(check.href, events);
      } else {
        keepAsking(check.href, Date.now() + GIVE_UP_MS);
      }
    }
  });
})();
