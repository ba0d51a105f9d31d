// A small, safe subset of the chat's Markdown, drawn as elements and text nodes.
import { el } from "./dom.js";

const INLINE = new RegExp(
  [
    String.raw`\\(?<escaped>[\\\x60*_~|<>#\-\[\]()])`,
    String.raw`(?<ticks>\x60+)(?<code>[^\x60][\s\S]*?)\k<ticks>`,
    String.raw`\[(?<label>[^\]\n]+)\]\(<?(?<target>https?:\/\/[^\s)>]+)>?\)`,
    String.raw`<(?<angled>https?:\/\/[^>\s]+)>`,
    String.raw`(?<bare>https?:\/\/[^\s<]*[^\s<.,:;"')\]*_])`,
    String.raw`<t:(?<unix>-?\d{1,13})(?::(?<style>[tTdDfFsSR]))?>`,
    String.raw`<@!?(?<user>\d+)>`,
    String.raw`<@&(?<role>\d+)>`,
    String.raw`<#(?<channel>\d+)>`,
    String.raw`<\/(?<command>[^:>\n]{1,100}):\d+>`,
    String.raw`<a?:(?<emoji>\w+):\d+>`,
    String.raw`\*\*(?<bold>[\s\S]+?)\*\*(?!\*)`,
    String.raw`__(?<underline>[\s\S]+?)__`,
    String.raw`\*(?<italic>[^*\s](?:[^*]*[^*\s])?)\*`,
    String.raw`(?<![\w_])_(?<slanted>[^_\s](?:[^_]*[^_\s])?)_(?!\w)`,
    String.raw`~~(?<struck>[\s\S]+?)~~`,
    String.raw`\|\|(?<spoiler>[\s\S]+?)\|\|`,
  ].join("|"),
  "g",
);

const WRAPPED = { bold: "strong", underline: "u", italic: "em", slanted: "em", struck: "s" };

/** Nodes for a piece of text without line structure. `room` knows names of ids. */
export function inline(text, room) {
  const nodes = [];
  let end = 0;
  for (const match of text.matchAll(INLINE)) {
    if (match.index > end) nodes.push(text.slice(end, match.index));
    nodes.push(inlineNode(match.groups, room));
    end = match.index + match[0].length;
  }
  if (end < text.length) nodes.push(text.slice(end));
  return nodes;
}

function inlineNode(found, room) {
  if (found.escaped) return found.escaped;
  if (found.code) return code(found.code.trim() || found.code, room);
  if (found.label) return link(found.target, inline(found.label, room), room);
  if (found.angled ?? found.bare) return link(found.angled ?? found.bare, [found.angled ?? found.bare], room);
  if (found.unix) return timestamp(Number(found.unix), found.style ?? "f");
  if (found.user) return mention(`@${room.userName(found.user)}`);
  if (found.role) return mention("@role");
  if (found.channel) return mention(`#${room.channelName(found.channel)}`);
  if (found.command) return commandMention(found.command, room);
  if (found.emoji) return `:${found.emoji}:`;
  if (found.spoiler) return spoiler(inline(found.spoiler, room));
  const [kind, tag] = Object.entries(WRAPPED).find(([name]) => found[name] !== undefined);
  return el(tag, {}, inline(found[kind], room));
}

// An address of a message in this playground leads there within the page.
const MESSAGE_ADDRESS = /^https?:\/\/[^/]+\/channels\/\d+\/(\d+)\/(\d+)$/;

function link(target, children, room) {
  const [, channelId, messageId] = MESSAGE_ADDRESS.exec(target) ?? [];
  if (channelId && room.knowsChannel(channelId)) {
    const words = children.join("") === target ? `#${room.channelName(channelId)} › message` : children;
    return el("button", { type: "button", class: "mention", on: { click: () => room.goToMessage(channelId, messageId) } }, words);
  }
  return el("a", { href: target, target: "_blank", rel: "noopener noreferrer" }, children);
}

function mention(text) {
  return el("span", { class: "mention" }, text);
}

// A command line that somebody wrote down can be tried: it fills the message box.
function code(text, room) {
  const words = el("code", {}, text);
  if (!/^\/[\w-]+(\s|$)/.test(text)) return words;
  return el("button", { type: "button", class: "command-line", title: "Put this in the message box", on: { click: () => room.fillComposer(text) } }, words);
}

function commandMention(name, room) {
  const attributes = { type: "button", class: "mention", on: { click: () => room.fillComposer(`/${name}`) } };
  return el("button", attributes, `/${name}`);
}

function spoiler(children) {
  const button = el("button", { type: "button", class: "spoiler", "aria-expanded": "false", "aria-label": "Show hidden text" }, children);
  button.addEventListener("click", () => {
    button.setAttribute("aria-expanded", "true");
    button.removeAttribute("aria-label");
  });
  return button;
}

/** Nodes for a whole message: blocks of code, headers, lists, quotes and paragraphs. */
export function markdown(text, room) {
  const nodes = [];
  text.split(/```(?:\w{1,20}\n)?([\s\S]*?)```/g).forEach((piece, index) => {
    if (index % 2) nodes.push(el("pre", { tabindex: "0" }, el("code", {}, piece.replace(/^\n|\n$/g, ""))));
    else nodes.push(...blocks(piece.split("\n"), room));
  });
  return nodes;
}

const LINE_KINDS = [
  { kind: "header", pattern: /^(#{1,3}) +(.+)$/ },
  { kind: "subtext", pattern: /^(-#) +(.+)$/ },
  { kind: "quote", pattern: /^(>) ?(.*)$/ },
  { kind: "bullet", pattern: /^\s*([-*]) +(.+)$/ },
  { kind: "number", pattern: /^\s*(\d+)\. +(.+)$/ },
];

function classify(line) {
  for (const { kind, pattern } of LINE_KINDS) {
    const match = pattern.exec(line);
    if (match) return { kind, mark: match[1], text: match[2] };
  }
  return { kind: line.trim() ? "plain" : "blank", mark: "", text: line };
}

function blocks(lines, room) {
  const groups = [];
  for (const line of lines.map(classify)) {
    const last = groups.at(-1);
    const joins = !["header", "subtext", "blank"].includes(line.kind);
    if (joins && last?.kind === line.kind) last.lines.push(line);
    else groups.push({ kind: line.kind, lines: [line] });
  }
  return groups.filter((group) => group.kind !== "blank").map((group) => block(group, room));
}

function block({ kind, lines }, room) {
  const [first] = lines;
  if (kind === "header") return el("p", { class: `heading heading-${first.mark.length}`, role: "heading", "aria-level": first.mark.length + 2 }, inline(first.text, room));
  if (kind === "subtext") return el("p", { class: "subtext" }, inline(first.text, room));
  if (kind === "quote") return el("blockquote", {}, brokenLines(lines, room));
  if (kind === "bullet") return el("ul", {}, lines.map((line) => el("li", {}, inline(line.text, room))));
  if (kind === "number") return el("ol", { start: first.mark }, lines.map((line) => el("li", {}, inline(line.text, room))));
  return el("p", {}, brokenLines(lines, room));
}

// Formatting may run over line ends, so lines are joined before they are read.
function brokenLines(lines, room) {
  const paragraph = el("span", { class: "lines" });
  paragraph.append(...inline(lines.map((line) => line.text).join("\n"), room));
  return paragraph;
}

const STYLES = {
  t: { timeStyle: "short" },
  T: { timeStyle: "medium" },
  d: { dateStyle: "short" },
  D: { dateStyle: "long" },
  f: { dateStyle: "long", timeStyle: "short" },
  F: { dateStyle: "full", timeStyle: "short" },
  s: { dateStyle: "short", timeStyle: "short" },
  S: { dateStyle: "short", timeStyle: "medium" },
};

const STEPS = [
  ["year", 31536000],
  ["month", 2592000],
  ["day", 86400],
  ["hour", 3600],
  ["minute", 60],
  ["second", 1],
];

function relative(unixSeconds) {
  const seconds = Math.round(unixSeconds - Date.now() / 1000);
  const [unit, size] = STEPS.find(([, step]) => Math.abs(seconds) >= step) ?? STEPS.at(-1);
  return new Intl.RelativeTimeFormat("en", { numeric: "auto" }).format(Math.trunc(seconds / size), unit);
}

/** A <time>; relative ones are kept true by `keepTimesTrue`. */
export function timestamp(unixSeconds, style) {
  const moment = new Date(unixSeconds * 1000);
  if (Number.isNaN(moment.valueOf())) return "an impossible time";
  const written = new Intl.DateTimeFormat(undefined, STYLES[style] ?? STYLES.f).format(moment);
  const element = el("time", { datetime: moment.toISOString(), title: written }, style === "R" ? relative(unixSeconds) : written);
  if (style === "R") element.dataset.relative = String(unixSeconds);
  return element;
}

/** Rewrite relative times once a second, where their words changed. */
export function keepTimesTrue() {
  setInterval(() => {
    for (const element of document.querySelectorAll("time[data-relative]")) {
      const words = relative(Number(element.dataset.relative));
      if (element.textContent !== words) element.textContent = words;
    }
  }, 1000);
}
