// Interactive and layout components of messages, both generations.
import { el, icon, patch } from "./dom.js";
import { cssColor } from "./embeds.js";
import { emojiText } from "./emoji.js";
import { markdown } from "./markdown.js";
import { fileView, linkedMedia, ownPath } from "./media.js";
import { SELECT_TYPES, SelectMenu } from "./select_menu.js";

const BUTTON = 2;
const STYLE_NAMES = { 1: "primary", 2: "secondary", 3: "success", 4: "danger", 5: "link", 6: "premium" };
const LINK_STYLE = 5;

/**
 * Draw components into `parent`, changing only what differs from the last time.
 * `message` gives the attachments; `press(component, values)` is called when one is used.
 */
export function drawComponents(parent, components, scene) {
  patch(
    parent,
    components,
    (component) => componentView(component, scene),
    (element, component) => updateInPlace(element, component, scene),
  );
}

// Rows and containers stay in the page while parts of them change.
function updateInPlace(element, component, scene) {
  const inner = element.querySelector(":scope > .inner");
  if (!inner || !component.components) return false;
  drawComponents(inner, component.components, scene);
  if (component.type === 17) colorEdge(element, component);
  if (component.type === 9) patch(element.querySelector(":scope > .accessory"), [component.accessory], (one) => componentView(one, scene));
  return true;
}

function componentView(component, scene) {
  if (component.type === BUTTON) return buttonView(component, scene);
  if (SELECT_TYPES.includes(component.type)) {
    const menu = new SelectMenu(component, scene.room, { onCommit: (values) => scene.press(component, values, menu.element) });
    return menu.element;
  }
  const draw = LAYOUT[component.type];
  return draw ? draw(component, scene) : el("p", { class: "subtext" }, `(a component of type ${component.type}, which this page does not draw)`);
}

const LAYOUT = {
  1: (row, scene) => holder("div", "action-row", row, scene),
  9: sectionView,
  10: (text, scene) => el("div", { class: "words" }, markdown(text.content, scene.room)),
  11: (thumbnail, scene) => linkedMedia(thumbnail.media, scene.attachments, thumbnail.description, "embed-thumbnail"),
  12: galleryView,
  13: fileComponentView,
  14: (separator) => el("hr", { class: `separator spacing-${separator.spacing ?? 1}${separator.divider === false ? " is-blank" : ""}` }),
  17: containerView,
};

function holder(tag, className, component, scene) {
  const inner = el("div", { class: "inner" });
  drawComponents(inner, component.components, scene);
  return el(tag, { class: className }, inner);
}

function sectionView(section, scene) {
  const element = holder("div", "section", section, scene);
  const accessory = el("div", { class: "accessory" });
  patch(accessory, [section.accessory], (one) => componentView(one, scene));
  element.append(accessory);
  return element;
}

function containerView(container, scene) {
  const element = holder("section", "embed container", container, scene);
  colorEdge(element, container);
  return element;
}

function colorEdge(element, container) {
  element.style.setProperty("--edge", cssColor(container.accent_color) ?? "");
}

function galleryView(gallery, scene) {
  const items = gallery.items.map((item) => linkedMedia(item.media, scene.attachments, item.description));
  return el("div", { class: `media-gallery count-${Math.min(items.length, 3)}` }, items);
}

function fileComponentView(component, scene) {
  const { url } = component.file;
  const attachment = scene.attachments.find((one) => one.url === url || url === `attachment://${one.filename}`);
  const address = attachment?.url ?? url;
  return fileView(ownPath(address) ?? address, component.name ?? attachment?.filename ?? "file", component.size ?? attachment?.size);
}

function buttonView(button, scene) {
  const words = [emojiText(button.emoji) ? el("span", { class: "button-emoji" }, emojiText(button.emoji)) : null, button.label ?? ""];
  const className = `button button-${STYLE_NAMES[button.style] ?? "secondary"}`;
  const name = button.label ? null : emojiText(button.emoji);
  if (button.style === LINK_STYLE) {
    return el("a", { class: className, href: safeTarget(button.url), target: "_blank", rel: "noopener noreferrer", "aria-label": name }, words, icon("out"));
  }
  const element = el("button", { type: "button", class: className, disabled: button.disabled, "data-custom-id": button.custom_id, "aria-label": name }, words);
  element.addEventListener("click", () => scene.press(button, undefined, element));
  return element;
}

function safeTarget(url) {
  return /^https?:\/\//i.test(url ?? "") ? url : null;
}
