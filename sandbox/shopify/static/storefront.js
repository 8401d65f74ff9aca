"use strict";

const REFRESH_MILLISECONDS = 1500;
const { shop, table } = document.body.dataset;
const search = document.getElementById("search");
const faults = document.getElementById("faults");
const toast = document.getElementById("toast");
const records = document.getElementById("records");
const shown = {};

function say(words) {
  toast.textContent = words;
  toast.classList.add("shown");
  clearTimeout(say.timer);
  say.timer = setTimeout(() => toast.classList.remove("shown"), 3000);
}

function put(id, html) {
  if (shown[id] !== html) document.getElementById(id).innerHTML = shown[id] = html;
}

function showFaults(groups) {
  for (const input of faults.querySelectorAll("[data-group]")) {
    if (input === document.activeElement) continue;
    const value = groups[input.dataset.group][input.name];
    if (input.type === "checkbox") input.checked = value;
    else input.value = value;
    if (input.type === "range") showShare(input);
  }
}

function showShare(input) {
  input.nextElementSibling.textContent = `${Math.round(input.value * 100)} %`;
}

// Rows that move beneath the pointer would have the wrong order cancelled.
const isPointedAt = () => matchMedia("(hover: hover)").matches && records.matches(":hover");

async function refresh(mayMove = true) {
  const live = document.getElementById("live");
  try {
    const asked = new URLSearchParams({ shop, table, q: search.value });
    const view = await (await fetch(`/_sandbox/storefront/view?${asked}`)).json();
    const isHeld = !mayMove && isPointedAt();
    if (!isHeld) put("records", view.records);
    put("deliveries", view.deliveries);
    for (const [name, count] of Object.entries(view.counts)) {
      document.querySelector(`[data-count="${name}"]`).textContent = count;
    }
    showFaults(view.faults);
    live.className = isHeld ? "held" : "";
    live.lastChild.textContent = isHeld ? "the list waits while you point at it" : "live";
  } catch {
    live.className = "lost";
    live.lastChild.textContent = "not reachable";
  }
}

async function act({ deed, id, ask, suggestion }) {
  const value = ask ? prompt(ask, suggestion) : "";
  if (value === null) return;
  const answer = await fetch(`/_sandbox/storefront/${shop}/${deed}`, {
    method: "POST",
    body: JSON.stringify({ id: id ?? "0", value }),
  });
  const said = await answer.json();
  const done = deed.replaceAll("-", " ");
  say(answer.ok ? `${done}${said.name ? `: ${said.name}` : ""}` : said.problem);
  await refresh();
}

async function detail(id) {
  const answer = await fetch(`/_sandbox/storefront/${shop}/${table}/${id}`);
  if (!answer.ok) return say("The record is gone.");
  const dialog = document.getElementById("detail");
  const text = await answer.text();
  // Not through JSON.parse: an id may exceed what a JavaScript number holds.
  dialog.querySelector("h3").textContent = `${table.slice(0, -1)} ${id}`;
  dialog.querySelector("pre").textContent = indented(text);
  dialog.showModal();
}

function indented(json) {
  const safe = json.replace(/("(?:[^"\\]|\\.)*")|(-?\d{16,})/g, (_, text, id) => text ?? `"#${id}#"`);
  return JSON.stringify(JSON.parse(safe), null, 2).replace(/"#(-?\d+)#"/g, "$1");
}

async function change(groups) {
  const answer = await fetch("/_sandbox/faults", { method: "PUT", body: JSON.stringify(groups) });
  if (!answer.ok) say((await answer.json()).errors);
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-deed]");
  const title = event.target.closest("[data-detail]");
  if (button) act(button.dataset);
  if (title) {
    event.preventDefault();
    detail(title.dataset.detail);
  }
});

faults.addEventListener("input", ({ target }) => {
  if (target.type === "range") showShare(target);
});
faults.addEventListener("change", ({ target }) => {
  const value = target.type === "checkbox" ? target.checked : Number(target.value);
  change({ [target.dataset.group]: { [target.name]: value } });
});
document.getElementById("all-off").addEventListener("click", async () => {
  const off = ["duplicate", "drop", "delay", "truncate", "wrong_secret", "reorder_seconds", "burst_seconds", "coalesce_seconds"];
  await change({
    delivery: { ...Object.fromEntries(off.map((name) => [name, 0])), next_generation_headers: false },
    api: { status: 0, throttled: false, share: 1, slow_seconds: 0 },
  });
  await refresh();
});
search.addEventListener("input", () => refresh());
records.addEventListener("mouseleave", () => refresh());
document.addEventListener("visibilitychange", () => document.hidden || refresh());
setInterval(() => document.hidden || refresh(false), REFRESH_MILLISECONDS);
