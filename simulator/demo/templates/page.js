"use strict";
// Slack shows times in its reader's own zone; so does this.
const asRead = new Intl.DateTimeFormat(undefined, { weekday: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const live = document.getElementById("live");
function dress() {
  for (const time of live.querySelectorAll("time")) time.textContent = asRead.format(new Date(time.dateTime));
}
function atEnd(list) { return list.scrollHeight - list.scrollTop - list.clientHeight < 60; }
async function refresh() {
  let last = false;
  try {
    const answer = await fetch("live");
    if (answer.ok) {
      last = answer.headers.get("X-Last") === "yes";
      const text = await answer.text();
      const before = live.querySelector(".chat ol");
      const follows = atEnd(before), top = before.scrollTop;
      const calendar = live.querySelector(".scroll").scrollLeft;
      live.innerHTML = text;
      dress();
      const after = live.querySelector(".chat ol");
      after.scrollTop = follows ? after.scrollHeight : top;
      live.querySelector(".scroll").scrollLeft = calendar;
    }
  } catch { last = true; }  // the demonstration was ended: what was seen last stays
  if (!last) setTimeout(refresh, 1000);
}
dress();
live.querySelector(".chat ol").scrollTop = 1e9;
setTimeout(refresh, 1000);
