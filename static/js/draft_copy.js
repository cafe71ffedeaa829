// A copy of what is not saved yet, in this browser until it is: encrypted with a key that only the page of this person
// brings. After signing out, or on a tablet that was left behind, nothing in it can be read.
(function () {
  "use strict";
  const PREFIX = "legwork.visit.";
  const OLDEST_MS = 14 * 24 * 3600 * 1000;
  const fromBase64 = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const toBase64 = (bytes) => btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));

  // Copies that nobody came back for go with time, and so do those of other make.
  function sweep() {
    for (const name of Object.keys(localStorage)) {
      if (!name.startsWith(PREFIX)) continue;
      const at = Number(localStorage.getItem(name).split(".")[0]);
      if (!(Date.now() - at < OLDEST_MS)) localStorage.removeItem(name);
    }
  }

  // `draftCopy(name, key)`: keep(data), read() and forget(). Where the browser has no cryptography (a page that came
  // without TLS) or no storage, nothing is kept: `isKept` says so.
  window.draftCopy = (name, key) => {
    const place = PREFIX + name;
    let turn = 0;
    let sealing = false;
    let next = null;
    let isKept = Boolean(window.crypto && crypto.subtle);
    try { sweep(); } catch { isKept = false; }
    const ready = isKept ? crypto.subtle.importKey("raw", fromBase64(key), "AES-GCM", false, ["encrypt", "decrypt"]) : null;

    async function seal() {
      sealing = true;
      while (next) {
        const [mine, data] = next;
        next = null;
        const iv = crypto.getRandomValues(new Uint8Array(12));
        const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv }, await ready, new TextEncoder().encode(JSON.stringify(data)));
        // It was saved or forgotten while it was sealed.
        if (mine === turn) try { localStorage.setItem(place, [Date.now(), toBase64(iv), toBase64(new Uint8Array(sealed))].join(".")); } catch { /* full or shut */ }
      }
      sealing = false;
    }
    return {
      isKept,
      keep(data) {
        if (!isKept) return;
        next = [++turn, data];
        if (!sealing) seal();
      },
      async read() {
        if (!isKept) return null;
        try {
          const [, iv, sealed] = localStorage.getItem(place).split(".");
          const open = await crypto.subtle.decrypt({ name: "AES-GCM", iv: fromBase64(iv) }, await ready, fromBase64(sealed));
          return JSON.parse(new TextDecoder().decode(open));
        } catch { return null; }
      },
      forget() {
        turn += 1;
        next = null;
        try { localStorage.removeItem(place); } catch { /* shut */ }
      },
    };
  };
})();
