// Building and patching elements. Text always enters the page as text nodes.

const SVG = "http://www.w3.org/2000/svg";

/**
 * Make an element. `props` are attributes; null, undefined and false are left out and
 * true becomes an empty attribute. `on` maps event names to listeners.
 * Children are nodes or text; null and false are skipped.
 */
export function el(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  const { on = {}, ...attributes } = props;
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    element.setAttribute(name, value === true ? "" : String(value));
  }
  for (const [name, listener] of Object.entries(on)) element.addEventListener(name, listener);
  element.append(...children.flat().filter((child) => child !== null && child !== false && child !== undefined));
  return element;
}

const ICONS = {
  menu: "M4 6h16M4 12h16M4 18h16",
  close: "M6 6l12 12M18 6L6 18",
  send: "M5 12h13M12 5l7 7-7 7",
  down: "M12 5v14M5 12l7 7 7-7",
  plus: "M12 5v14M5 12h14",
  file: "M6 3h8l4 4v14H6zM14 3v4h4",
  download: "M12 4v11M7 11l5 5 5-5M5 20h14",
  hash: "M9 4L7 20M17 4l-2 16M4 9h16M4 15h16",
  mail: "M3 6h18v12H3zM3 7l9 7 9-7",
  thread: "M6 4v9a4 4 0 0 0 4 4h8M14 13l4 4-4 4",
  eye: "M2 12s4-7 10-7 10 7 10 7-4 7-10 7S2 12 2 12zM12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6z",
  out: "M8 16L18 6M9 6h9v9",
  chevron: "M6 9l6 6 6-6",
  reply: "M4 20v-6a4 4 0 0 1 4-4h11M14 5l5 5-5 5",
};

/** A decorative line icon; the control that holds it carries the words. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  const path = document.createElementNS(SVG, "path");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

const drawnFrom = new WeakMap();

/**
 * Make `parent`'s children show `items`, in order. An element whose item is the same as
 * before is not touched and not moved, so its video goes on playing. `update(element, item)`
 * may change an element of the same `type` in place and says with true that it did.
 */
export function patch(parent, items, render, update = () => false) {
  let cursor = parent.firstElementChild;
  for (const item of items) {
    const signature = JSON.stringify(item);
    const match = findDrawn(cursor, signature);
    if (match) {
      cursor = removeUntil(cursor, match).nextElementSibling;
      continue;
    }
    const previous = cursor && drawnFrom.get(cursor)?.item;
    if (previous && previous.type === item?.type && update(cursor, item)) {
      drawnFrom.set(cursor, { signature, item });
      cursor = cursor.nextElementSibling;
      continue;
    }
    const element = render(item);
    drawnFrom.set(element, { signature, item });
    parent.insertBefore(element, cursor);
  }
  removeUntil(cursor, null);
}

function findDrawn(element, signature) {
  while (element && drawnFrom.get(element)?.signature !== signature) element = element.nextElementSibling;
  return element;
}

function removeUntil(element, stop) {
  while (element !== stop) {
    const next = element.nextElementSibling;
    element.remove();
    element = next;
  }
  return stop;
}

let lastNumber = 0;

/** An id that no other element of the page has. */
export function freshId(prefix) {
  lastNumber += 1;
  return `${prefix}-${lastNumber}`;
}

/** Order of two snowflake ids, which are too long for a JavaScript number. */
export function compareIds(a, b) {
  return a.length - b.length || (a < b ? -1 : a > b ? 1 : 0);
}
