// Select menus of messages and modals: strings, members and channels.
import { el, icon } from "./dom.js";
import { emojiText } from "./emoji.js";
import { Listbox } from "./listbox.js";

const STRING = 3;
const USER = 5;
const ROLE = 6;
const MENTIONABLE = 7;
const CHANNEL = 8;

export const SELECT_TYPES = [STRING, USER, ROLE, MENTIONABLE, CHANNEL];

/** The options of a select component: its own, or the room's members, roles or channels. */
function optionsOf(component, room) {
  const chosen = new Set((component.default_values ?? []).map((entry) => entry.id));
  const entity = (entry, label) => ({ label, value: entry.id, chosen: chosen.has(entry.id) });
  if (component.type === STRING) return component.options.map(stringOption);
  if (component.type === CHANNEL) return room.guild.channels.map((channel) => entity(channel, `#${channel.name}`));
  const users = room.session.users.map((user) => entity(user, user.global_name ?? user.username));
  const roles = (room.guild.roles ?? []).map((role) => entity(role, `@${role.name}`));
  if (component.type === USER) return users;
  return component.type === ROLE ? roles : [...users, ...roles];
}

function stringOption(option) {
  const label = [emojiText(option.emoji), option.label].filter(Boolean).join(" ");
  return { label, detail: option.description, value: option.value, chosen: Boolean(option.default) };
}

/** A menu that opens a list. `onCommit(values)` is called once, when a choice is complete. */
export class SelectMenu {
  constructor(component, room, { label, onCommit }) {
    this.min = component.min_values ?? 1;
    this.max = component.max_values ?? 1;
    this.placeholder = component.placeholder ?? "Choose an option";
    this.options = optionsOf(component, room);
    this.onCommit = onCommit;
    this.words = el("span", { class: "select-words" });
    this.element = el("button", { type: "button", class: "select-menu", role: "combobox", "aria-haspopup": "listbox", "aria-label": label ?? this.placeholder, disabled: component.disabled, "data-custom-id": component.custom_id }, this.words, icon("chevron"));
    this.list = new Listbox(this.element, { label: label ?? this.placeholder, multiple: this.max > 1, onPick: (option) => this.pick(option) });
    this.element.addEventListener("click", () => (this.list.open ? this.close() : this.open()));
    this.element.addEventListener("keydown", (event) => this.key(event));
    this.element.addEventListener("blur", () => this.close());
    this.sayChosen();
  }

  get values() {
    return this.options.filter((option) => option.chosen).map((option) => option.value);
  }

  open() {
    this.before = JSON.stringify(this.values);
    this.list.show(this.options, { active: Math.max(0, this.options.findIndex((option) => option.chosen)), note: this.rule() });
  }

  rule() {
    if (!this.options.length) return "There is nothing to choose from.";
    if (this.max <= 1) return "";
    return this.min === this.max ? `Choose ${this.min}; Escape closes.` : `Choose ${this.min} to ${this.max}; Escape closes.`;
  }

  pick(option) {
    if (!option) return;
    if (this.max > 1) {
      this.toggle(option);
      return;
    }
    for (const other of this.options) other.chosen = other === option;
    this.sayChosen();
    this.list.hide();
    this.onCommit?.(this.values);
  }

  toggle(option) {
    if (!option.chosen && this.values.length >= this.max) return;
    option.chosen = !option.chosen;
    this.sayChosen();
    this.list.show(this.options, { active: this.options.indexOf(option), note: this.rule() });
  }

  /** Closing a menu of several commits what was chosen, if it changed and is enough. */
  close() {
    if (!this.list.open) return;
    this.list.hide();
    const changed = JSON.stringify(this.values) !== this.before;
    if (this.max > 1 && changed && this.values.length >= this.min) this.onCommit?.(this.values);
  }

  key(event) {
    if (!this.list.open) {
      if (!["ArrowDown", "ArrowUp"].includes(event.key)) return;
      event.preventDefault();
      this.open();
    } else if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      this.pick(this.list.active);
    } else if (event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      this.close();
    } else if (!this.list.handleKey(event)) {
      this.typeAhead(event);
    }
  }

  typeAhead(event) {
    if (event.key.length !== 1 || event.ctrlKey || event.metaKey) return;
    const starts = (option) => option.label.toLowerCase().startsWith(event.key.toLowerCase());
    const next = this.options.findIndex((option, index) => index > this.list.activeIndex && starts(option));
    const index = next >= 0 ? next : this.options.findIndex(starts);
    if (index >= 0) this.list.activate(index);
  }

  sayChosen() {
    const labels = this.options.filter((option) => option.chosen).map((option) => option.label);
    this.words.textContent = labels.join(", ") || this.placeholder;
    this.element.classList.toggle("is-empty", labels.length === 0);
  }
}
