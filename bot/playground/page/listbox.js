// The one pop-up list of the page: completion of commands and values, and select menus.
import { el, freshId } from "./dom.js";

const GAP_PX = 6;
const EDGE_PX = 8;
const WIDEST_PX = 520;
const TALLEST_PX = 340;

/**
 * A list shown beside `anchor`, which keeps the focus (ARIA combobox pattern).
 * An option is {label, detail?, note?, value, disabled?, chosen?}.
 */
export class Listbox {
  constructor(anchor, { label, multiple = false, onPick }) {
    this.anchor = anchor;
    this.onPick = onPick;
    this.options = [];
    this.activeIndex = -1;
    this.list = el("ul", { class: "listbox", id: freshId("listbox"), role: "listbox", popover: "manual", "aria-label": label, "aria-multiselectable": multiple ? "true" : null });
    // The anchor must not lose the focus to a click in its list.
    this.list.addEventListener("mousedown", (event) => event.preventDefault());
    this.list.addEventListener("click", (event) => this.clicked(event));
    this.place = this.place.bind(this);
    anchor.setAttribute("aria-controls", this.list.id);
    anchor.setAttribute("aria-expanded", "false");
    anchor.setAttribute("aria-autocomplete", anchor.matches("button") ? "none" : "list");
  }

  get open() {
    return this.list.isConnected && this.list.matches(":popover-open");
  }

  get active() {
    return this.options[this.activeIndex];
  }

  /** Show these options; `active` is the index to begin at, -1 for none. No options: hide. */
  show(options, { active = -1, note = "" } = {}) {
    this.options = options;
    if (!options.length && !note) return this.hide();
    this.list.replaceChildren(...options.map((option, index) => this.row(option, index)));
    if (note) this.list.append(el("li", { class: "listbox-note", role: "presentation" }, note));
    if (!this.open) this.appear();
    this.place();
    this.activate(active);
    return undefined;
  }

  appear() {
    // A modal dialog makes everything outside itself inert.
    (this.anchor.closest("dialog") ?? document.body).append(this.list);
    this.list.showPopover();
    this.anchor.setAttribute("aria-expanded", "true");
    addEventListener("scroll", this.place, true);
    addEventListener("resize", this.place);
  }

  hide() {
    if (this.list.isConnected) this.list.remove();
    this.activeIndex = -1;
    this.anchor.setAttribute("aria-expanded", "false");
    this.anchor.removeAttribute("aria-activedescendant");
    removeEventListener("scroll", this.place, true);
    removeEventListener("resize", this.place);
  }

  row(option, index) {
    const attributes = { class: "option", id: `${this.list.id}-${index}`, role: "option", "aria-selected": option.chosen ? "true" : "false", "aria-disabled": option.disabled ? "true" : null };
    return el(
      "li",
      attributes,
      el("span", { class: "option-label" }, option.label),
      option.detail ? el("span", { class: "option-detail" }, option.detail) : null,
      option.note ? el("span", { class: "option-note" }, option.note) : null,
    );
  }

  /** Move the active option by `step`, around the ends. */
  move(step) {
    const count = this.options.length;
    if (!count) return;
    const from = this.activeIndex < 0 && step < 0 ? 0 : this.activeIndex;
    this.activate((from + step + count) % count);
  }

  activate(index) {
    this.list.querySelector(".is-active")?.classList.remove("is-active");
    this.activeIndex = index;
    const row = index < 0 ? null : this.list.children[index];
    if (!row) {
      this.anchor.removeAttribute("aria-activedescendant");
      return;
    }
    row.classList.add("is-active");
    row.scrollIntoView({ block: "nearest" });
    this.anchor.setAttribute("aria-activedescendant", row.id);
  }

  clicked(event) {
    const row = event.target.closest(".option");
    if (row) this.onPick(this.options[[...this.list.children].indexOf(row)]);
  }

  /** Arrow keys and Escape; true when the key was used. */
  handleKey(event) {
    if (!this.open) return false;
    const moves = { ArrowDown: () => this.move(1), ArrowUp: () => this.move(-1), Escape: () => this.hide() };
    const act = moves[event.key];
    if (!act) return false;
    act();
    event.preventDefault();
    event.stopPropagation();
    return true;
  }

  place(event) {
    if (event?.target instanceof Node && this.list.contains(event.target)) return;
    const anchor = this.anchor.getBoundingClientRect();
    if (!this.anchor.isConnected) {
      this.hide();
      return;
    }
    // A field of the message box must not hide its neighbours.
    const frame = (this.anchor.closest(".composer-box") ?? this.anchor).getBoundingClientRect();
    const above = frame.top - GAP_PX - EDGE_PX;
    const below = innerHeight - frame.bottom - GAP_PX - EDGE_PX;
    const upwards = below < Math.min(TALLEST_PX, this.list.scrollHeight) && above > below;
    const width = Math.min(WIDEST_PX, innerWidth - 2 * EDGE_PX);
    const style = this.list.style;
    style.maxHeight = `${Math.min(TALLEST_PX, upwards ? above : below)}px`;
    style.minWidth = `${Math.min(anchor.width, width)}px`;
    style.maxWidth = `${width}px`;
    const left = Math.min(anchor.left, innerWidth - EDGE_PX - this.list.offsetWidth);
    style.left = `${Math.max(EDGE_PX, left)}px`;
    style.top = upwards ? "auto" : `${frame.bottom + GAP_PX}px`;
    style.bottom = upwards ? `${innerHeight - frame.top + GAP_PX}px` : "auto";
  }
}
