// One option of a command in the message box: its name, what was typed, and suggestions.
import { rankChoices, splitValues } from "./commands.js";
import { el, freshId, icon } from "./dom.js";
import { Listbox } from "./listbox.js";
import { fixedChoices, INTEGER, interpret, NUMBER } from "./option_rules.js";

const AUTOCOMPLETE_DELAY_MS = 200;
const MOST_SHOWN = 25;

/**
 * `entry` is the command being filled in; it is told of changes and asked for the rest of
 * the typed values when the bot suggests some.
 */
export class OptionField {
  constructor(option, entry) {
    this.option = option;
    this.entry = entry;
    this.room = entry.room;
    this.chosen = null;
    this.build();
    this.list = new Listbox(this.input, { label: `Values for ${option.name}`, onPick: (choice) => this.pick(choice) });
    this.input.addEventListener("input", () => this.typed());
    this.input.addEventListener("keydown", (event) => this.key(event));
    this.input.addEventListener("focus", () => this.focused());
    this.input.addEventListener("blur", () => this.left());
    this.input.addEventListener("paste", (event) => this.pasted(event));
  }

  build() {
    const { name, label, type, required } = this.option;
    const id = freshId("option");
    const mode = { [INTEGER]: "numeric", [NUMBER]: "decimal" }[type];
    this.input = el("textarea", { id, rows: "1", cols: "1", role: "combobox", inputmode: mode, autocomplete: "off", spellcheck: mode ? "false" : null, "aria-required": required ? "true" : null, "aria-describedby": "composer-hint", enterkeyhint: "send" });
    this.grow = el("span", { class: "grow" }, this.input);
    const remove = required ? null : el("button", { type: "button", class: "remove", tabindex: "-1", "aria-label": `Remove ${name}`, on: { click: () => this.entry.removeField(this) } }, icon("close"));
    this.element = el("div", { class: "field", "data-option": name }, el("label", { for: id }, label), this.grow, remove);
  }

  focus() {
    this.input.focus();
    this.input.setSelectionRange(this.text.length, this.text.length);
  }

  get text() {
    return this.input.value;
  }

  setText(text, chosen = null) {
    this.input.value = text;
    this.grow.dataset.text = text;
    this.chosen = chosen;
  }

  /** {value}, {error} or {} for what stands in the field. */
  outcome() {
    return interpret(this.option, this.text, this.chosen, fixedChoices(this.option, this.room));
  }

  snapshot() {
    return { name: this.option.name, text: this.text, chosen: this.chosen };
  }

  restore({ text, chosen }) {
    this.setText(text, chosen);
  }

  showError(error) {
    this.element.classList.toggle("is-wrong", Boolean(error));
    this.input.setAttribute("aria-invalid", error ? "true" : "false");
  }

  typed() {
    // Options hold one line; a line end comes only from pasting or from phones.
    if (this.text.includes("\n")) this.input.value = this.text.replace(/\s*\n\s*/g, " ");
    this.setText(this.text, this.chosen?.name === this.text ? this.chosen : null);
    this.showError(null);
    if (this.takeNamedOptions()) return;
    this.entry.changed(this);
    this.suggest();
  }

  // "prompt:" typed into the field itself is dropped, " seed:" begins the field of that name.
  takeNamedOptions() {
    const own = `${this.option.name}:`;
    const text = this.text.trimStart().startsWith(own) ? this.text.trimStart().slice(own.length) : this.text;
    const { values, rest } = splitValues(text, this.entry.nameable(this));
    if (text === this.text && !values.length) return false;
    this.setText(values.length ? rest : text);
    this.entry.takeValues(values);
    return true;
  }

  pasted(event) {
    const file = [...(event.clipboardData?.files ?? [])][0];
    if (!file) return;
    event.preventDefault();
    this.entry.takeFile(file);
  }

  focused() {
    this.entry.focusedField(this);
    this.suggest();
  }

  left() {
    this.cancelAsking();
    this.list.hide();
    if (this.text.trim()) this.entry.judge(this);
  }

  suggest() {
    const choices = fixedChoices(this.option, this.room);
    if (choices) this.showChoices(rankChoices(choices, this.chosen ? "" : this.text.trim()), this.text && !this.chosen ? 0 : -1);
    else if (this.option.autocomplete) this.ask();
  }

  showChoices(choices, active, note = "") {
    const shown = choices.slice(0, MOST_SHOWN).map((choice) => ({ label: choice.name, value: choice.value, chosen: this.chosen?.value === choice.value, choice }));
    const empty = this.text ? "Nothing matches." : "";
    this.list.show(shown, { active: shown.length ? active : -1, note: shown.length ? note : note || empty });
  }

  /** Ask the bot after a pause in typing; an answer that comes too late is dropped. */
  ask() {
    this.cancelAsking();
    const asked = new AbortController();
    this.asked = asked;
    this.timer = setTimeout(async () => {
      try {
        const choices = await this.entry.autocomplete(this, asked.signal);
        if (this.asked === asked) this.showChoices(choices, -1, choices.length ? "" : "The bot suggests nothing for this.");
      } catch (error) {
        if (this.asked === asked) this.showChoices([], -1, `No suggestions: ${error.message}`);
      }
    }, AUTOCOMPLETE_DELAY_MS);
  }

  cancelAsking() {
    clearTimeout(this.timer);
    this.asked?.abort();
    this.asked = null;
  }

  pick(option) {
    this.cancelAsking();
    this.setText(option.label, option.choice);
    this.showError(null);
    this.list.hide();
    this.entry.changed(this);
    this.entry.advance(this);
  }

  key(event) {
    if (event.isComposing) return;
    const active = this.list.open ? this.list.active : null;
    if ((event.key === "Enter" || event.key === "Tab") && active && !event.shiftKey) {
      event.preventDefault();
      const wasTyped = active.label.toLowerCase() === this.text.trim().toLowerCase();
      this.pick(active);
      if (event.key === "Enter" && wasTyped) this.entry.submit();
    } else if (event.key === "Enter") {
      event.preventDefault();
      this.entry.submit();
    } else if (event.key === "Backspace" && !this.text) {
      event.preventDefault();
      this.entry.backspace(this);
    } else if (event.key === "ArrowDown" && !this.list.open) {
      event.preventDefault();
      this.suggest();
    } else if (!this.list.handleKey(event)) {
      this.entry.key(event, this);
    }
  }
}
