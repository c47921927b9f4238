// Tells the frames of apps whether the sign-in that they know has changed (OpenID Connect Session
// Management 1.0, 3.2). They post "client_id session_state" and are answered "unchanged", "changed"
// or "error". Where the browser lets this frame see no cookie, nothing has changed as far as anybody
// can know: an app that is told otherwise signs its people out. Old syntax, for old browsers.
"use strict";

(function () {
  var ASK_EVERY_MS = 10000;
  var PATIENCE_MS = 5000;
  var LONGEST = 2048;
  var MESSAGE = /^([\x20-\x7e]+) ([\w-]+)\.([\w-]+)$/;

  var https = location.protocol === "https:";
  var STATE = (https ? "__Host-" : "") + "lanyard-state";
  var NOBODY = (https ? "__Host-" : "") + "lanyard-nobody";
  var GONE = "; Path=/; Max-Age=0; SameSite=" + (https ? "None; Secure" : "Lax");

  // Whether it ever saw a cookie of ours.
  var sighted = false;
  // What the server said of a state, and when it was asked.
  var known = { state: "", at: -ASK_EVERY_MS, ended: false, asking: null };

  // "" if there is none, or if the browser shows none.
  function cookie(name) {
    var all;
    try {
      all = document.cookie.split("; ");
    } catch (error) {
      // A sandbox without an origin.
      return "";
    }
    for (var i = 0; i < all.length; i += 1) {
      if (all[i].indexOf(name + "=") === 0) {
        return all[i].slice(name.length + 1);
      }
    }
    return "";
  }

  // The origin of the page around this one, as far as the browser tells it.
  function around() {
    if (location.ancestorOrigins && location.ancestorOrigins.length) {
      return location.ancestorOrigins[0];
    }
    try {
      return new URL(document.referrer).origin;
    } catch (error) {
      return "";
    }
  }

  // base64url without padding, as the server writes it.
  function encode(buffer) {
    var text = String.fromCharCode.apply(null, new Uint8Array(buffer));
    return btoa(text).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  }

  function ask(state) {
    var stop = new AbortController();
    var timer = setTimeout(function () {
      stop.abort();
    }, PATIENCE_MS);
    return fetch("/oauth2/session/state", {
      method: "POST",
      cache: "no-store",
      signal: stop.signal,
    })
      .then(function (answer) {
        return answer.ok ? answer.json() : {};
      })
      .then(
        function (said) {
          return said.session === "ended";
        },
        // No answer is no verdict.
        function () {
          return false;
        },
      )
      .then(function (ended) {
        clearTimeout(timer);
        if (ended && cookie(STATE) === state) {
          document.cookie = STATE + "=" + GONE;
        }
        return ended;
      });
  }

  // Whether the server says that the session of this state has ended. It is asked once in a while,
  // and only while somebody looks.
  function hasEnded(state) {
    if (known.state !== state) {
      known = { state: state, at: -ASK_EVERY_MS, ended: false, asking: null };
    }
    var about = known;
    var due = performance.now() - about.at >= ASK_EVERY_MS;
    if (!about.ended && !about.asking && due && document.visibilityState === "visible") {
      about.at = performance.now();
      about.asking = ask(state).then(function (ended) {
        about.ended = ended;
        about.asking = null;
        return ended;
      });
    }
    return about.asking || Promise.resolve(about.ended);
  }

  function judge(client, hash, salt, origin) {
    var state = cookie(STATE);
    var held = state || cookie(NOBODY);
    if (held) {
      sighted = true;
    }
    // Nor can it calculate where the page around it came over plain http.
    if (!sighted || !window.crypto || !crypto.subtle) {
      return Promise.resolve("unchanged");
    }
    var text = [client, origin, held, salt].join(" ");
    return crypto.subtle
      .digest("SHA-256", new TextEncoder().encode(text))
      .then(function (digest) {
        if (encode(digest) !== hash) {
          return "changed";
        }
        if (!state) {
          return "unchanged";
        }
        return hasEnded(state).then(function (ended) {
          return ended ? "changed" : "unchanged";
        });
      });
  }

  var outer = around();

  addEventListener("message", function (event) {
    // In a window of its own it would see cookies that are kept from frames.
    var framed = window.parent !== window;
    var stranger = event.origin === "null" || (outer && event.origin !== outer);
    if (!framed || stranger || !event.source) {
      return;
    }
    function answer(word) {
      event.source.postMessage(word, event.origin);
    }
    var data = event.data;
    var parts = typeof data === "string" && data.length <= LONGEST && MESSAGE.exec(data);
    if (!parts) {
      answer("error");
      return;
    }
    judge(parts[1], parts[2], parts[3], event.origin).then(answer, function () {
      answer("unchanged");
    });
  });
})();
