"use strict";
// Show times in the reader's time zone, like Slack.
const asRead = new Intl.DateTimeFormat(undefined, { weekday: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const live = document.getElementById("live");
function dress() {
  for (const time of live.querySelectorAll("time")) time.textContent = asRead.format(new Date(time.dateTime));
}
function atEnd(list) { return list.scrollHeight - list.scrollTop - list.clientHeight < 60; }
function person() { return live.querySelector("#person").value; }
// Keep the text and the cursor of a field that is being edited.
function keep(fresh, before, focused) {
  if (!before) return fresh.focus();
  fresh.value = before.value;
  fresh.setSelectionRange(before.selectionStart, before.selectionEnd);
  if (focused === before) fresh.focus();
}
let timer;
async function refresh() {
  let last = false;
  clearTimeout(timer);
  try {
    const response = await fetch("live?person=" + encodeURIComponent(person()));
    if (response.ok) {
      last = response.headers.get("X-Last") === "yes";
      const text = await response.text();
      const before = live.querySelector(".chat ol");
      const open = new Set([...live.querySelectorAll(".chat li")].flatMap((li, n) => li.querySelector("details[open]") ? [n] : []));
      if (document.activeElement?.id === "person") { timer = setTimeout(refresh, 1000); return; }  // the selection is open
      const focused = document.activeElement;
      const follows = atEnd(before), top = before.scrollTop;
      const calendar = live.querySelector(".scroll").scrollLeft;
      const written = new Map([...live.querySelectorAll("textarea")].map((each) => [each.id, each]));
      live.innerHTML = text;
      dress();
      for (const fresh of live.querySelectorAll("textarea")) keep(fresh, written.get(fresh.id), focused);
      live.querySelectorAll(".chat li").forEach((li, n) => { if (open.has(n)) li.querySelector("details")?.setAttribute("open", ""); });
      const after = live.querySelector(".chat ol");
      after.scrollTop = follows ? after.scrollHeight : top;
      live.querySelector(".scroll").scrollLeft = calendar;
    }
  } catch { last = true; }  // the demonstration has ended: keep the last state
  if (!last) timer = setTimeout(refresh, 1000);
}
// Slack sends the click to the bot. The chat shows the result.
live.addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = event.submitter;
  if (!button) return;
  const form = new URLSearchParams(new FormData(event.target));
  form.append(button.name, button.value);
  button.disabled = true;
  await fetch("click", { method: "POST", body: form });
  await refresh();
});
dress();
live.querySelector(".chat ol").scrollTop = 1e9;
setTimeout(refresh, 1000);
