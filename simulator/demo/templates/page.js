"use strict";
// Slack shows times in its reader's own zone; so does this.
const asRead = new Intl.DateTimeFormat(undefined, { weekday: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const live = document.getElementById("live");
function dress() {
  for (const time of live.querySelectorAll("time")) time.textContent = asRead.format(new Date(time.dateTime));
}
function atEnd(list) { return list.scrollHeight - list.scrollTop - list.clientHeight < 60; }
function person() { return live.querySelector("#person").value; }
// What is being written stays, with the place where it is written.
function keep(fresh, before, asked) {
  if (!before) return fresh.focus();
  fresh.value = before.value;
  fresh.setSelectionRange(before.selectionStart, before.selectionEnd);
  if (asked === before) fresh.focus();
}
let timer;
async function refresh() {
  let last = false;
  clearTimeout(timer);
  try {
    const answer = await fetch("live?person=" + encodeURIComponent(person()));
    if (answer.ok) {
      last = answer.headers.get("X-Last") === "yes";
      const text = await answer.text();
      const before = live.querySelector(".chat ol");
      const open = new Set([...live.querySelectorAll(".chat li")].flatMap((li, n) => li.querySelector("details[open]") ? [n] : []));
      if (document.activeElement?.id === "person") { timer = setTimeout(refresh, 1000); return; }  // somebody is choosing
      const asked = document.activeElement;
      const follows = atEnd(before), top = before.scrollTop;
      const calendar = live.querySelector(".scroll").scrollLeft;
      const written = new Map([...live.querySelectorAll("textarea")].map((each) => [each.id, each]));
      live.innerHTML = text;
      dress();
      for (const fresh of live.querySelectorAll("textarea")) keep(fresh, written.get(fresh.id), asked);
      live.querySelectorAll(".chat li").forEach((li, n) => { if (open.has(n)) li.querySelector("details")?.setAttribute("open", ""); });
      const after = live.querySelector(".chat ol");
      after.scrollTop = follows ? after.scrollHeight : top;
      live.querySelector(".scroll").scrollLeft = calendar;
    }
  } catch { last = true; }  // the demonstration was ended: what was seen last stays
  if (!last) timer = setTimeout(refresh, 1000);
}
// A press goes to Slack, which tells the bot; what came of it is in the chat.
live.addEventListener("submit", async (event) => {
  event.preventDefault();
  const pressed = event.submitter;
  if (!pressed) return;
  const form = new URLSearchParams(new FormData(event.target));
  form.append(pressed.name, pressed.value);
  pressed.disabled = true;
  await fetch("press", { method: "POST", body: form });
  await refresh();
});
dress();
live.querySelector(".chat ol").scrollTop = 1e9;
setTimeout(refresh, 1000);
