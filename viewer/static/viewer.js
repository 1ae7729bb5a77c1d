/* What a page does by itself: keys, search while you type, and news of a run that goes on.
   Every page works without it; it asks nobody but the server it came from. */
"use strict";

const $ = (selector, from = document) => from.querySelector(selector);
const $$ = (selector, from = document) => [...from.querySelectorAll(selector)];
const PULSE = 1500;

/* Fetch a page and put its fresh regions in place of ours, keeping focus and scroll. */
let asked = 0;
async function renew(address) {
  const turn = ++asked;
  const answer = await fetch(address, { headers: { "x-part": "1" } });
  if (!answer.ok || turn !== asked) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const here = focused();
  for (const old of $$("[data-fresh]")) {
    const fresh = page.getElementById(old.id);
    if (!fresh || fresh.innerHTML === old.innerHTML) continue;
    const known = new Set($$("tr[id], article[id]", old).map((each) => each.id));
    old.replaceChildren(...fresh.childNodes);
    if (known.size) {
      for (const each of $$("tr[id], article[id]", old)) {
        each.classList.toggle("arrives", !known.has(each.id));
      }
    }
  }
  if (here) $(here)?.focus({ preventScroll: true });
}

function focused() {
  const at = document.activeElement;
  if (!at || !at.closest("[data-fresh]")) return "";
  const row = at.closest("tr[id]");
  if (row) return `#${row.id} a`;
  return at.id ? `#${CSS.escape(at.id)}` : "";
}

/* News: a few bytes now and then; the page only when something changed. */
async function watch() {
  if ($("[data-reload]")) setTimeout(() => location.reload(), PULSE);
  if (!$("[data-fresh]")) return;
  let known = null;
  for (;;) {
    await new Promise((done) => setTimeout(done, PULSE));
    if (document.hidden) continue;
    try {
      const answer = await fetch("/pulse");
      if (!answer.ok) continue;
      const now = await answer.json();
      const page = document.body.dataset.page;
      const mark = JSON.stringify([page === "live" ? now.calls : now.rows, now.waiting,
        now.running, now.fault]);
      if (known !== null && mark !== known) await renew(location.href);
      known = mark;
    } catch {
      /* The server was stopped: the page stays as it is. */
    }
  }
}

/* The filters: the list follows what is typed and chosen. */
function filters() {
  const form = $("form.filters");
  if (!form) return;
  let wait = 0;
  const go = () => {
    const said = [...new FormData(form)].filter(([, value]) => value !== "");
    const query = new URLSearchParams(said).toString();
    const address = query ? `/?${query}` : "/";
    history.replaceState(null, "", address);
    renew(address);
  };
  form.addEventListener("input", () => {
    clearTimeout(wait);
    wait = setTimeout(go, 140);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    clearTimeout(wait);
    go();
  });
}

/* Two candidates: what differs, or each as it reads. */
function columns() {
  const box = $("#show-difference");
  const both = $("#columns");
  if (!box || !both) return;
  const show = () => both.classList.toggle("differing", box.checked);
  box.addEventListener("change", show);
  show();
  for (const select of $$(".choose select")) {
    select.addEventListener("change", () => select.form.requestSubmit());
  }
}

/* One label a page: a second press, before the next page is here, would be for no pair. */
let chosen = false;
addEventListener("pageshow", () => { chosen = false; });

/* Keys. Nothing is taken from somebody who types, or who holds a modifier. */
function keys() {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (event.target.closest("input:not([type=checkbox]), textarea, select, dialog")) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    if (press(event.key, event.repeat)) event.preventDefault();
  });
}

function press(key, held) {
  const button = $$("button[data-keys]").find((b) => b.dataset.keys.split(" ").includes(key));
  if (button) {
    if (!button.disabled && !chosen && !held) {
      chosen = true;
      button.click();
    }
    return true;
  }
  switch (key) {
    case "?": $("#keys").showModal(); return true;
    case "/": return point($("#q"));
    case "j": return step(1);
    case "k": return step(-1);
    case "g": return follow($('[data-key="g"]'));
    default: return false;
  }
}

function point(at) {
  at?.focus();
  at?.select?.();
  return Boolean(at);
}

function follow(link) {
  link?.click();
  return Boolean(link);
}

/* j and k: down and up in the list; to the next and previous row in a row. */
function step(by) {
  const links = $$("table.rows td.prompt a");
  if (!links.length) return follow($(by > 0 ? ".steps [rel=next]" : ".steps [rel=prev]"));
  const at = links.indexOf(document.activeElement);
  const to = links[Math.min(links.length - 1, Math.max(0, at + by))];
  to.focus();
  to.scrollIntoView({ block: "nearest" });
  return true;
}

/* Labels from a file go through the form's text field, like pasted ones. */
function files() {
  const from = $("#label-file");
  const to = $("#label-lines");
  if (!from || !to) return;
  from.addEventListener("change", async () => {
    if (from.files.length) to.value = await from.files[0].text();
  });
}

filters();
columns();
keys();
files();
watch();
