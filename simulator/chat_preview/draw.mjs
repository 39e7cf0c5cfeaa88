// Renders messages: reads requests and writes responses in the same order, one JSON document per line.
//   {"chat": "slack" | "card" | "style", "content": ..., "theme": "light" | "dark", "users": [{"id", "name"}]}  ->  {"html": "..."} or {"error": "..."}
// Run in the folder that contains node_modules.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";

const need = createRequire(`${process.cwd()}/package.json`);
const { createElement } = need("react");
const { renderToStaticMarkup } = need("react-dom/server");
const slack = need("slack-blocks-to-jsx");
const { parseHTML } = need("linkedom");
const MarkdownIt = need("markdown-it");

// The card renderer creates DOM elements; this minimal DOM is sufficient for it.
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

// The colors of Teams: https://learn.microsoft.com/microsoftteams/platform/task-modules-and-cards/cards/cards-format
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

// Slack formats verbatim text too, except for URLs and channels. This renderer would leave it unformatted.
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
  // A page shows many messages, so the library's id becomes a class.
  for (const each of wrapped.querySelectorAll("#slack_blocks_to_jsx")) {
    each.removeAttribute("id");
    each.classList.add("slack-look");
  }
  // A button's id is its action_id. A button with a URL becomes a link.
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
  // Teams replaces mentions with the person's name.
  card.parse(JSON.parse(JSON.stringify(content).replaceAll(/<at>([^<]*)<\/at>/g, "@$1")));
  const element = card.render();
  if (!element) throw new Error("the card is empty");
  return element.outerHTML;
}

function respond(request) {
  if (request.chat === "slack") return drawSlack(request.content, request.theme, request.users ?? []);
  if (request.chat === "card") return drawCard(request.content, request.theme);
  const css = readFileSync(need.resolve("slack-blocks-to-jsx/dist/style.css"), "utf8");
  // Same specificity as the replaced id, otherwise the library's resets take precedence.
  const links = ".slack-look a.border { display: inline-flex; align-items: center; justify-content: center; }";
  // In the dark theme the library greys the text of colored buttons, which is white in Slack.
  const dark = ".slack-look[data-theme=dark] button.text-white-primary > div { color: #fff !important; }";
  return css.replaceAll("#slack_blocks_to_jsx", ":is(.slack-look, #slack-look)") + links + dark;
}

for await (const line of createInterface({ input: process.stdin })) {
  let response;
  try {
    response = { html: respond(JSON.parse(line)) };
  } catch (error) {
    response = { error: String(error?.message ?? error) };
  }
  process.stdout.write(`${JSON.stringify(response)}\n`);
}
