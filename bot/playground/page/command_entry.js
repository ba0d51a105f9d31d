// A command being filled in: its name, its fields and the optional ones on offer.
import { AttachmentField } from "./attachment_field.js";
import { interactionData } from "./commands.js";
import { el, icon } from "./dom.js";
import { ATTACHMENT, describeLimits, STRING } from "./option_rules.js";
import { OptionField } from "./option_field.js";

export class CommandEntry {
  /** `composer` gets say(hint), complain(error), send(), leaveEntry(text) calls. */
  constructor(command, composer) {
    this.command = command;
    this.composer = composer;
    this.room = composer.room;
    this.fields = [];
    const discard = el("button", { type: "button", class: "remove", "aria-label": `Discard /${command.name}`, on: { click: () => composer.discard() } }, icon("close"));
    this.row = el("div", { class: "fields", role: "group", "aria-label": `Options of ${command.name}` });
    this.element = el("div", { class: "entry" }, el("span", { class: "command-token" }, `/${command.label}`, discard), this.row);
    this.offers = el("div", { class: "offers", role: "toolbar", "aria-label": "Optional options" });
    this.offers.addEventListener("keydown", (event) => this.offersKey(event));
    for (const option of command.options.filter((one) => one.required)) this.ensureField(option.name);
    this.drawOffers();
  }

  option(name) {
    return this.command.options.find((option) => option.name === name);
  }

  field(name) {
    return this.fields.find((field) => field.option.name === name);
  }

  ensureField(name) {
    const known = this.field(name);
    if (known) return known;
    const option = this.option(name);
    const field = option.type === ATTACHMENT ? new AttachmentField(option, this) : new OptionField(option, this);
    this.fields.push(field);
    this.row.append(field.element);
    this.drawOffers();
    return field;
  }

  removeField(field) {
    const index = this.fields.indexOf(field);
    this.fields.splice(index, 1);
    field.element.remove();
    this.drawOffers();
    this.composer.complain("");
    this.focusNear(index - 1);
  }

  focusNear(index) {
    const field = this.fields[Math.max(0, index)];
    if (field) field.focus();
    else this.composer.focusSend();
  }

  /** Begin where something is still needed. */
  focus() {
    const isEmpty = (field) => Object.keys(field.outcome()).length === 0 || field.outcome().error;
    const goal = this.fields.find(isEmpty) ?? this.fields.at(-1);
    if (goal) goal.focus();
    else this.composer.focusSend();
  }

  drawOffers() {
    const unused = this.command.options.filter((option) => !this.field(option.name));
    const chips = unused.map((option, index) =>
      el("button", { type: "button", class: "offer", tabindex: index ? "-1" : "0", title: option.description, "data-offer": option.name, on: { click: () => this.ensureField(option.name).focus(), focus: () => this.composer.say(option.description) } }, icon("plus"), option.label),
    );
    this.offers.replaceChildren(...chips);
  }

  offersKey(event) {
    const chips = [...this.offers.children];
    const at = chips.indexOf(document.activeElement);
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step || at < 0) return;
    event.preventDefault();
    const goal = chips[(at + step + chips.length) % chips.length];
    for (const chip of chips) chip.tabIndex = chip === goal ? 0 : -1;
    goal.focus();
  }

  // What fields report.

  changed() {
    this.composer.complain("");
  }

  focusedField(field) {
    const limits = describeLimits(field.option);
    const needed = field.option.required ? "" : "Optional. ";
    this.composer.say(`${needed}${field.option.description}${limits ? ` (${limits})` : ""}`);
  }

  judge(field) {
    const { error } = field.outcome();
    field.showError(error);
    if (error) this.composer.complain(error);
  }

  /** Options that may be named inside the text of `field`: others that hold nothing yet. */
  nameable(field) {
    return this.command.options.filter((option) => {
      const other = this.field(option.name);
      return other !== field && !other?.text && !other?.file;
    });
  }

  /** Put [name, text] pairs into their fields; the last one gets the focus. */
  takeValues(values) {
    let last = null;
    for (const [name, text] of values) {
      last = this.ensureField(name);
      last.setText(text);
    }
    last?.focus();
  }

  /** Words without an option's name belong to the first text option. */
  takeLooseWords(text) {
    const option = this.command.options.find((one) => one.type === STRING && !this.field(one.name)?.text);
    if (text && option) this.ensureField(option.name).setText(text);
  }

  /** True when there was a place for the file. */
  takeFile(file) {
    const options = this.command.options.filter((option) => option.type === ATTACHMENT);
    const free = options.find((option) => !this.field(option.name)?.file) ?? options[0];
    if (!free) {
      this.composer.complain(`/${this.command.name} takes no file.`);
      return false;
    }
    const field = this.ensureField(free.name);
    field.take(file);
    field.focus();
    return true;
  }

  advance(field) {
    const needed = this.fields.find((one) => one !== field && one.option.required && one.outcome().error);
    needed?.focus();
  }

  /** Backspace in an empty field goes backwards: to the field before, at last to the name. */
  backspace(field) {
    if (!field.option.required) this.removeField(field);
    else if (this.fields.indexOf(field) > 0) this.focusNear(this.fields.indexOf(field) - 1);
    else if (this.fields.every((one) => !one.text && !one.file)) this.composer.leaveEntry(`/${this.command.name}`);
  }

  key(event, field) {
    const { selectionStart = 0, selectionEnd = 0, value = "" } = field.input;
    const atStart = selectionStart === 0 && selectionEnd === 0;
    const atEnd = selectionStart === value.length;
    const step = event.key === "ArrowLeft" && atStart ? -1 : event.key === "ArrowRight" && atEnd ? 1 : 0;
    const goal = step && this.fields[this.fields.indexOf(field) + step];
    if (!goal || event.shiftKey) return;
    event.preventDefault();
    goal.focus();
  }

  submit() {
    this.composer.send();
  }

  // What is sent.

  /** {data, files} or {error, field} for the first thing that is wrong. */
  collect() {
    const typed = [];
    const files = [];
    const attachments = {};
    for (const field of this.fields) {
      const { value, error } = field.outcome();
      field.showError(error);
      if (error) return { error, field };
      if (value === undefined) continue;
      typed.push({ name: field.option.name, type: field.option.type, value: value instanceof File ? String(files.length) : value });
      if (!(value instanceof File)) continue;
      attachments[files.length] = { filename: value.name, content_type: value.type || "application/octet-stream" };
      files.push(value);
    }
    return { data: interactionData(this.command, typed, attachments), files };
  }

  /** Ask the bot what to suggest for `field`; the other fields are told as they stand. */
  autocomplete(field, signal) {
    const typed = [];
    for (const { option, outcome, text } of this.fields.map((one) => ({ option: one.option, outcome: one.outcome(), text: one.text }))) {
      if (option === field.option) typed.push({ name: option.name, type: option.type, value: text, focused: true });
      else if (outcome.value !== undefined && option.type !== ATTACHMENT) typed.push({ name: option.name, type: option.type, value: outcome.value });
    }
    return this.room.interactions.autocomplete(interactionData(this.command, typed), signal);
  }

  /** The command as one would type it. */
  line() {
    const shown = (field) => (field.file ? `@${field.file.name}` : field.text?.trim());
    const words = this.fields.filter(shown).map((field) => `${field.option.name}:${shown(field)}`);
    return [`/${this.command.name}`, ...words].join(" ");
  }

  snapshot() {
    return { name: this.command.name, fields: this.fields.map((field) => field.snapshot()) };
  }

  restore(snapshot) {
    for (const kept of snapshot.fields) if (this.option(kept.name)) this.ensureField(kept.name).restore(kept);
  }
}
