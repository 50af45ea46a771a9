// The page of the sandbox: sends what a person does, and puts in place what the server says has changed.
"use strict";

const { as, in: place } = document.body.dataset;
const byId = (id) => document.getElementById(id);
const main = byId("main"), dialog = byId("form"), modal = byId("modal"), panel = byId("panel"), toast = byId("toast");

// say shows a sentence for a while.
let fading;
function say(text, bad) {
  toast.hidePopover();
  (dialog.open ? dialog : document.body).append(toast); // what is beside an open dialog is not read aloud
  toast.className = bad ? "bad" : "";
  toast.showPopover();
  toast.textContent = text;
  clearTimeout(fading);
  fading = setTimeout(() => toast.hidePopover(), bad ? 9000 : 5000);
}

// act tells the server what the person did, one thing after the other. It resolves to true when that worked.
let queue = Promise.resolve();
function act(name, fields) {
  const form = fields instanceof FormData ? fields : new FormData();
  if (form !== fields) for (const [k, v] of Object.entries(fields)) form.append(k, v);
  form.set("as", as);
  form.set("in", place);
  const sent = queue.then(async () => {
    try {
      const answer = await fetch("/act/" + name, { method: "POST", body: form });
      if (!answer.ok) throw new Error(await answer.text());
      const { error } = await answer.json();
      if (error) say(error, true);
      return !error;
    } catch (problem) {
      say(problem.message || "The sandbox does not answer.", true);
      return false;
    }
  });
  queue = sent;
  return sent;
}

// ask shows a button's dialog and resolves to whether the person goes on.
function ask(data) {
  const question = byId("confirm");
  byId("confirm-title").textContent = data.confirmTitle;
  byId("confirm-text").textContent = data.confirmText;
  byId("confirm-yes").textContent = data.confirmYes;
  byId("confirm-no").textContent = data.confirmNo;
  question.returnValue = "";
  question.showModal();
  return new Promise((go) => question.addEventListener("close", () => go(question.returnValue === "yes"), { once: true }));
}

async function press(button) {
  const { block, action, confirmTitle } = button.dataset;
  const fields = new FormData();
  const view = button.closest("[data-view]");
  const message = button.closest("[data-ts]");
  if (view && view.dataset.view === "modal") new FormData(view).forEach((v, k) => { if (!(v instanceof File)) fields.append(k, v); });
  fields.set("block", block);
  fields.set("action", action);
  if (confirmTitle !== undefined) {
    if (!await ask(button.dataset)) return;
    fields.set("sure", "yes");
  }
  if (view) fields.set("where", view.dataset.view);
  else fields.set("ts", message.dataset.ts);
  await during(button, act(view ? "press" : "click", fields));
}

async function during(button, work) {
  button.setAttribute("aria-busy", "true");
  const done = await work;
  button.removeAttribute("aria-busy");
  return done;
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("#modal a[href^='/']");
  if (link) { // what it leads to would be behind the form
    event.preventDefault();
    act("close", {}).then(() => location.assign(link.href));
    return;
  }
  const button = event.target.closest("button");
  if (!button) return;
  const data = button.dataset;
  if ("trouble" in data) act("trouble", { what: data.trouble }).then((ok) => { if (ok) say(data.said); });
  else if ("close" in data) act("close", {});
  else if ("detach" in data) act("detach", { block: data.block, action: data.action });
  else if ("shortcut" in data) during(button, act("shortcut", { ts: button.closest("[data-ts]").dataset.ts }));
  else if ("action" in data) press(button);
});

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.dataset.act) return;
  event.preventDefault();
  const fields = new FormData(form);
  if (form.dataset.act === "submit") {
    for (const input of form.querySelectorAll("input[type=file]")) fields.delete(input.name); // sent when they were chosen
    await during(form.querySelector("[type=submit]"), act("submit", fields));
    return;
  }
  if (byId("attached").files.length === 0) fields.delete("file");
  if (await act("type", fields)) {
    form.reset();
    byId("chosen").textContent = "";
  }
});

document.addEventListener("change", (event) => {
  const field = event.target;
  if (field.id === "attached") {
    byId("chosen").textContent = Array.from(field.files, (f) => f.name).join(", ");
    byId("typed").focus();
    return;
  }
  const form = field.closest("form[data-view=modal]");
  if (form) {
    const fields = new FormData(form);
    for (const input of form.querySelectorAll("input[type=file]")) {
      if (input.files.length === 0) fields.delete(input.name);
      else input.value = "";
    }
    act("fields", fields);
    return;
  }
  const message = field.closest("[data-ts]");
  if (message && field.dataset.menu) {
    act("choose", { ts: message.dataset.ts, block: field.dataset.block, action: field.dataset.menu, option: field.value });
  }
});

dialog.addEventListener("cancel", (event) => {
  event.preventDefault();
  act("close", {});
});

// morph changes the node old into new with as little as possible, so that the focus and what is being typed stay.
function morph(old, now) {
  if (old.nodeType !== Node.ELEMENT_NODE) {
    if (old.nodeValue !== now.nodeValue) old.nodeValue = now.nodeValue;
    return;
  }
  for (const { name } of [...old.attributes]) {
    if (!now.hasAttribute(name) && name !== "aria-busy") {
      old.removeAttribute(name);
      if (name === "checked" || name === "selected") old[name] = false;
    }
  }
  for (const { name, value } of now.attributes) {
    if (old.getAttribute(name) === value) continue;
    old.setAttribute(name, value);
    if (name === "value" && old !== document.activeElement && old.type !== "file") old.value = value;
    if (name === "checked" || name === "selected") old[name] = true;
  }
  if (old.nodeName === "TEXTAREA") {
    if (old.defaultValue !== now.defaultValue) {
      old.defaultValue = now.defaultValue;
      if (old !== document.activeElement) old.value = now.defaultValue;
    }
    return;
  }
  children(old, now);
}

function children(old, now) {
  let at = old.firstChild;
  for (const kid of [...now.childNodes]) {
    const known = kid.id ? [...old.children].find((c) => c.id === kid.id) : null;
    if (known) {
      if (known === at) at = at.nextSibling;
      else old.insertBefore(known, at);
      morph(known, kid);
    } else if (!kid.id && at && !at.id && at.nodeName === kid.nodeName) {
      const here = at;
      at = at.nextSibling;
      morph(here, kid);
    } else {
      old.insertBefore(document.importNode(kid, true), at);
    }
  }
  while (at) {
    const gone = at;
    at = at.nextSibling;
    gone.remove();
  }
}

function show(target, html) {
  const box = document.createElement("template");
  box.innerHTML = html; // the server's own page, escaped there
  children(target, box.content);
}

const atEnd = () => main.scrollHeight - main.scrollTop - main.clientHeight < 120;
const toEnd = () => { main.scrollTop = main.scrollHeight; };

const events = new EventSource(`/events?as=${as}&in=${place}`);
events.addEventListener("main", (event) => {
  const follow = atEnd();
  show(main, JSON.parse(event.data));
  if (follow) toEnd();
});
events.addEventListener("panel", (event) => show(panel, JSON.parse(event.data)));
events.addEventListener("modal", (event) => {
  show(modal, JSON.parse(event.data));
  showForm();
});
events.onerror = () => say("The sandbox does not answer. Is it still running?", true);
events.onopen = () => { if (toast.textContent.startsWith("The sandbox does not answer")) toast.hidePopover(); };

// showForm shows or hides the dialog as there is something in it.
function showForm() {
  const full = modal.querySelector("form") !== null;
  if (full && !dialog.open) dialog.showModal();
  if (!full && dialog.open) dialog.close();
}

showForm();
if (place === "home") act("home", {});
else if (!location.hash) toEnd();
