// Draws messages: one line of JSON in, one line of JSON out, in the same order.
//   {"chat": "slack" | "card" | "style", "content": ..., "theme": "light" | "dark", "users": [{"id", "name"}]}  ->  {"html": "..."} or {"error": "..."}
// Run with the folder that holds node_modules as the working directory.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";

const need = createRequire(`${process.cwd()}/package.json`);
const { createElement } = need("react");
const { renderToStaticMarkup } = need("react-dom/server");
const slack = need("slack-blocks-to-jsx");
const { parseHTML } = need("linkedom");
const MarkdownIt = need("markdown-it");

// The card renderer builds elements of a document; this one is enough of a browser for it.
const { window, document, HTMLElement } = parseHTML("<!doctype html><html><body></body></html>");
Object.defineProperty(HTMLElement.prototype, "innerText", {
  configurable: true,
  get() { return this.textContent; },
  set(text) { this.textContent = text; },
});
Object.assign(globalThis, {
  window, document, HTMLElement, HTMLButtonElement: window.HTMLButtonElement, HTMLInputElement: window.HTMLInputElement,
});
const cards = need("adaptivecards/dist/adaptivecards.js");
const markdown = new MarkdownIt();
cards.AdaptiveCard.onProcessMarkdown = (text, result) => {
  result.outputHtml = markdown.render(text);
  result.didProcess = true;
};

// Teams' own values: https://learn.microsoft.com/microsoftteams/platform/task-modules-and-cards/cards/cards-format
const TEAMS = {
  light: { text: ["#242424", "#616161"], good: "#0e700e", warning: "#8a3707", attention: "#c50f1f", accent: "#4f52b2" },
  dark: { text: ["#ffffff", "#adadad"], good: "#92c353", warning: "#f8d22a", attention: "#f9526b", accent: "#9ea2ff" },
};

function hostConfig(theme) {
  const look = TEAMS[theme];
  const both = (colour, subtle = colour) => ({ default: colour, subtle });
  const foregroundColors = {
    default: both(look.text[0], look.text[1]), dark: both(look.text[0], look.text[1]), light: both(look.text[0], look.text[1]),
    accent: both(look.accent), good: both(look.good), warning: both(look.warning), attention: both(look.attention),
  };
  const style = { backgroundColor: "transparent", foregroundColors };
  const emphasis = { backgroundColor: theme === "dark" ? "#ffffff14" : "#0000000a", foregroundColors };
  return new cards.HostConfig({
    fontFamily: "'Segoe UI', system-ui, sans-serif",
    fontSizes: { small: 12, default: 14, medium: 16, large: 18, extraLarge: 24 },
    spacing: { small: 4, default: 8, medium: 16, large: 24, extraLarge: 32, padding: 16 },
    containerStyles: { default: style, emphasis },
    actions: { maxActions: 6, buttonSpacing: 8, actionAlignment: "left", spacing: "default" },
  });
}

function timeOf({ timestamp, fallback }) {
  const seconds = Number(timestamp);
  return createElement("time", { dateTime: new Date(seconds * 1000).toISOString() }, fallback);
}

function addressesOf(blocks) {
  const buttons = blocks.flatMap((block) => [...(block.elements ?? []), block.accessory]);
  return new Map(buttons.filter((each) => each?.type === "button" && each.url).map((each) => [each.action_id, each.url]));
}

// Slack formats verbatim text all the same, and only leaves addresses and channels alone; this renderer leaves all alone.
function formatted(value) {
  if (Array.isArray(value)) return value.map(formatted);
  if (value === null || typeof value !== "object") return value;
  const { verbatim, ...others } = value;
  return Object.fromEntries(Object.entries(others).map(([name, each]) => [name, formatted(each)]));
}

function drawSlack(given, theme, users) {
  const blocks = formatted(given);
  const message = createElement(slack.Message, {
    blocks, name: "Daytwo", logo: "data:,", theme, withoutWrapper: true, hooks: { date: timeOf }, data: { users },
  });
  const wrapped = document.createElement("div");
  wrapped.innerHTML = renderToStaticMarkup(message);
  // One page shows many messages: what the library marks by an id it styles by a class here.
  for (const each of wrapped.querySelectorAll("#slack_blocks_to_jsx")) {
    each.removeAttribute("id");
    each.classList.add("slack-look");
  }
  // A button's id is its action_id; one that opens a page becomes the link that it is.
  const addresses = addressesOf(blocks);
  for (const button of wrapped.querySelectorAll("button[id]")) {
    const address = addresses.get(button.id);
    button.setAttribute("data-action", button.id);
    button.removeAttribute("id");
    if (!address) continue;
    const link = document.createElement("a");
    link.className = button.className;
    link.innerHTML = button.innerHTML;
    link.setAttribute("href", address);
    link.setAttribute("target", "_blank");
    link.setAttribute("rel", "noopener");
    button.replaceWith(link);
  }
  return wrapped.innerHTML;
}

function drawCard(content, theme) {
  const card = new cards.AdaptiveCard();
  card.hostConfig = hostConfig(theme);
  // Teams puts a person's name where an entity of the card mentions them.
  card.parse(JSON.parse(JSON.stringify(content).replaceAll(/<at>([^<]*)<\/at>/g, "@$1")));
  const drawn = card.render();
  if (!drawn) throw new Error("the card is empty");
  return drawn.outerHTML;
}

function answer(asked) {
  if (asked.chat === "slack") return drawSlack(asked.content, asked.theme, asked.users ?? []);
  if (asked.chat === "card") return drawCard(asked.content, asked.theme);
  const css = readFileSync(need.resolve("slack-blocks-to-jsx/dist/style.css"), "utf8");
  // As heavy as the id that it stands for: else the library's own resets win.
  const links = ".slack-look a.border { display: inline-flex; align-items: center; justify-content: center; }";
  // The library greys the text of coloured buttons in the dark; Slack leaves it white.
  const dark = ".slack-look[data-theme=dark] button.text-white-primary > div { color: #fff !important; }";
  return css.replaceAll("#slack_blocks_to_jsx", ":is(.slack-look, #slack-look)") + links + dark;
}

for await (const line of createInterface({ input: process.stdin })) {
  let told;
  try {
    told = { html: answer(JSON.parse(line)) };
  } catch (error) {
    told = { error: String(error?.message ?? error) };
  }
  process.stdout.write(`${JSON.stringify(told)}\n`);
}
