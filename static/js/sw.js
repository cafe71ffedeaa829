// Keeps the last plan of whoever reads it on this phone, and gives it back when there is no network. LEGWORK (version,
// files, addresses) is written before this text by aftercare.views.offline.
//
// What is kept belongs to one reader. It goes when a session is ended or begun by a form, and as soon as any page comes
// that was made for somebody else; the page of a reader says whose it is in the header LEGWORK.reader.
"use strict";

const SHELL = "legwork-shell-" + LEGWORK.version; // pages and files of nobody in particular
const COPY = "legwork-copy"; // one plan
const SLOW_MS = 8000;
const FILES = new Set(LEGWORK.files.map((file) => new URL(file, self.location).href));

// Counts up whenever the copy goes, so that one that was on its way then is not put in its place.
let forgotten = 0;

async function forget() {
  forgotten += 1;
  await caches.delete(COPY);
}

async function keep() {
  const before = forgotten;
  let answer;
  try {
    // Not the reader's doing: it does not make the session live longer.
    answer = await fetch(LEGWORK.kept, { cache: "no-store", redirect: "error", headers: { "X-Background": "1" } });
  } catch {
    return; // no network after all, or nobody is signed in: what was kept stays
  }
  if (answer.status !== 200 || !answer.headers.get(LEGWORK.reader) || before !== forgotten) return;
  const copies = await caches.open(COPY);
  if (before === forgotten) await copies.put(LEGWORK.kept, answer);
}

function copy() {
  return caches.match(LEGWORK.kept, { cacheName: COPY, ignoreVary: true });
}

function ofShell(address) {
  return caches.match(address, { cacheName: SHELL, ignoreVary: true });
}

async function judge(answer) {
  const reader = answer.headers.get(LEGWORK.reader);
  const kept = reader && await copy();
  if (kept && kept.headers.get(LEGWORK.reader) !== reader) await forget();
}

// The plan stands in for its reader's own pages alone: a page about somebody else would be read as theirs.
function isOwn(path) {
  return LEGWORK.ownPages.includes(path) || LEGWORK.ownParts.some((part) => path.startsWith(part));
}

async function withoutNetwork(path) {
  const kept = isOwn(path) ? await copy() : undefined;
  return kept || await ofShell(LEGWORK.offline) || Response.error();
}

async function sent(request, path) {
  const turns = LEGWORK.turns.includes(path) || path.startsWith(LEGWORK.links);
  if (turns) await forget();
  try {
    const answer = await fetch(request);
    // A copy that was asked for before the turn and came during it goes too.
    if (turns) await forget();
    await judge(answer);
    return answer;
  } catch {
    return await ofShell(LEGWORK.notSent) || Response.error();
  }
}

async function asked(event, path) {
  const isToday = path === LEGWORK.today;
  const kept = isToday ? await copy() : undefined;
  const answer = fetch(anew(event.request));
  answer.catch(() => { /* said below, or too late to matter */ });
  try {
    const first = await (kept ? Promise.race([answer, later(SLOW_MS)]) : answer);
    if (!first) return kept; // no answer yet: better the plan of before than an empty page
    await judge(first);
    if (isToday && first.status >= 502 && first.status <= 504) return await copy() || first;
    if (first.ok && (isToday || path.startsWith(LEGWORK.reports))) event.waitUntil(keep());
    return first;
  } catch {
    return withoutNetwork(path);
  }
}

// What follows on a page gone back to may only be looked for among what is kept; the network is asked all the same.
function anew(request) {
  return request.cache === "only-if-cached" ? new Request(request.url, { cache: "no-store", redirect: "manual" }) : request;
}

function later(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

async function file(request) {
  try {
    return await fetch(request);
  } catch {
    return await ofShell(request.url) || Response.error();
  }
}

self.addEventListener("install", (event) => {
  event.waitUntil((async () => {
    await (await caches.open(SHELL)).addAll([...LEGWORK.files, LEGWORK.offline, LEGWORK.notSent]);
    await self.skipWaiting();
  })());
});

self.addEventListener("activate", (event) => {
  event.waitUntil((async () => {
    const old = (await caches.keys()).filter((name) => name.startsWith("legwork-shell-") && name !== SHELL);
    await Promise.all(old.map((name) => caches.delete(name)));
    await self.clients.claim();
    // The page that brought the worker came before it.
    const pages = await self.clients.matchAll({ type: "window" });
    if (pages.some((page) => new URL(page.url).pathname === LEGWORK.today)) await keep();
  })());
});

// The answer to a form, gone back to: the browser asks for it as it was kept, and pages of ours are never kept. That is
// no missing network. The page of the form is asked for anew; nothing is sent a second time.
function isSentBefore(request) {
  return request.isHistoryNavigation || ["only-if-cached", "force-cache"].includes(request.cache);
}

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const address = new URL(request.url);
  if (address.origin !== self.location.origin) return;
  if (request.mode === "navigate") {
    if (request.method === "GET") event.respondWith(asked(event, address.pathname));
    else if (isSentBefore(request)) event.respondWith(Response.redirect(request.url, 303));
    else event.respondWith(sent(request, address.pathname));
  } else if (FILES.has(address.origin + address.pathname)) {
    event.respondWith(file(request));
  }
});
