// Embeds: a titled card with fields, pictures and a coloured edge.
import { el } from "./dom.js";
import { inline, markdown } from "./markdown.js";
import { linkedMedia } from "./media.js";

const WHITE = 0xffffff;

/** "#rrggbb" of a colour number, or null where none was set. */
export function cssColor(color) {
  if (typeof color === "string") return /^#[0-9a-f]{6}$/i.test(color) ? color : null;
  if (!Number.isInteger(color) || color < 0 || color > WHITE) return null;
  return `#${color.toString(16).padStart(6, "0")}`;
}

/** An element for one embed; `attachments` are those of its message. */
export function embedView(embed, attachments, room) {
  const card = el("section", { class: "embed", "aria-label": embed.title ?? "Details" });
  const color = cssColor(embed.color);
  if (color) card.style.setProperty("--edge", color);
  const words = el("div", { class: "embed-words" }, author(embed), title(embed, room), description(embed, room), fields(embed, room));
  const thumbnail = embed.thumbnail ? linkedMedia(embed.thumbnail, attachments, "", "embed-thumbnail") : null;
  card.append(el("div", { class: "embed-top" }, words, thumbnail ?? ""));
  for (const media of [embed.video ?? embed.image].filter(Boolean)) card.append(linkedMedia(media, attachments, embed.title));
  card.append(footer(embed) ?? "");
  return card;
}

function author(embed) {
  return embed.author?.name ? el("p", { class: "embed-author" }, embed.author.name) : null;
}

function title(embed, room) {
  if (!embed.title) return null;
  const words = inline(embed.title, room);
  const linked = /^https?:/.test(embed.url ?? "");
  const inside = linked ? el("a", { href: embed.url, target: "_blank", rel: "noopener noreferrer" }, words) : words;
  return el("h3", { class: "embed-title" }, inside);
}

function description(embed, room) {
  return embed.description ? el("div", { class: "words" }, markdown(embed.description, room)) : null;
}

function fields(embed, room) {
  if (!embed.fields?.length) return null;
  const rows = embed.fields.map((field) =>
    el("div", { class: field.inline ? "embed-field is-inline" : "embed-field" }, el("dt", {}, inline(field.name, room)), el("dd", { class: "words" }, markdown(field.value, room))),
  );
  return el("dl", { class: "embed-fields" }, rows);
}

function footer(embed) {
  const when = embed.timestamp ? new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" }).format(new Date(embed.timestamp)) : null;
  const words = [embed.footer?.text, when].filter(Boolean).join(" · ");
  return words ? el("p", { class: "embed-footer" }, words) : null;
}
