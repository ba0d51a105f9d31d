// The message box: plain text until it names a command, then that command's fields.
import { CommandEntry } from "./command_entry.js";
import { parseLine, rankCommands } from "./commands.js";
import { el, icon } from "./dom.js";
import { Listbox } from "./listbox.js";
import { ATTACHMENT, STRING } from "./option_rules.js";

const PLAIN_TEXT_HINT = "Only commands do something here. Type / at the start to see them.";
const KEPT_LINES = 50;

// Without a field to go on in, what is typed after the name would be lost: then the line stays text
// until it names an option or says words for one.
function hasPlaceForMore({ command, values, rest }) {
  const { options } = command;
  const takesWords = rest && options.some((option) => option.type === STRING);
  return !options.length || options.some((option) => option.required) || values.length > 0 || takesWords;
}

export class Composer {
  constructor(place, room, timeline) {
    this.room = room;
    this.timeline = timeline;
    this.entry = null;
    this.heldFile = null;
    this.history = []; // snapshots of what was sent or discarded, oldest first
    this.historyAt = null;
    this.build(place);
    this.list = new Listbox(this.input, { label: "Commands", onPick: (option) => this.pick(option) });
    this.input.addEventListener("input", () => this.typed());
    this.input.addEventListener("keydown", (event) => this.key(event));
    this.input.addEventListener("focus", () => this.suggest());
    this.input.addEventListener("blur", () => this.list.hide());
    this.input.addEventListener("paste", (event) => this.pasted(event));
  }

  build(place) {
    this.hint = el("p", { class: "composer-hint", id: "composer-hint" });
    this.error = el("p", { class: "composer-error", id: "composer-error", role: "alert" });
    this.input = el("textarea", { id: "composer-text", class: "composer-text", rows: "1", role: "combobox", "aria-label": "Message box", "aria-describedby": "composer-error", placeholder: "Type / for commands", autocomplete: "off", autocapitalize: "off", spellcheck: "false", enterkeyhint: "send" });
    this.sendButton = el("button", { type: "submit", class: "send", "aria-label": "Send" }, icon("send"));
    this.box = el("div", { class: "composer-box" }, this.input, this.sendButton);
    this.below = el("div", { class: "composer-below" });
    this.form = el("form", { class: "composer", "aria-label": "Write a command", novalidate: true }, this.hint, this.error, this.box, this.below);
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.send();
    });
    place.replaceChildren(this.form);
  }

  say(hint) {
    this.hint.textContent = hint;
  }

  complain(error) {
    this.error.textContent = error;
    this.box.classList.toggle("is-wrong", Boolean(error));
  }

  focus() {
    if (this.entry) this.entry.focus();
    else this.input.focus();
  }

  focusSend() {
    this.sendButton.focus();
  }

  // A whole name and Enter is a whole line, unless something is still needed.
  sendIfWhole() {
    if (this.entry.command.options.every((option) => !option.required)) this.send();
  }

  // Plain text.

  typed() {
    this.complain("");
    this.historyAt = null;
    this.sentEarly = false;
    const parsed = parseLine(this.input.value, this.room.commands);
    // Only the space after it ends a name: "/quota boost" may become "/quota boosts".
    const nameIsComplete = parsed && this.input.value.replace(/\s+/g, " ").includes(`/${parsed.command.name} `);
    if (nameIsComplete && hasPlaceForMore(parsed) && this.beginParsed(parsed)) return;
    this.suggest();
  }

  suggest() {
    const text = this.input.value.trimStart();
    if (!text.startsWith("/")) {
      this.list.hide();
      this.say(text ? PLAIN_TEXT_HINT : "");
      return;
    }
    this.say("");
    const ranked = rankCommands(this.commandsOnOffer(), text.slice(1).trim());
    const options = ranked.map((command) => ({
      label: `/${command.label}`,
      detail: command.description,
      note: command.permitted ? command.options.filter((option) => option.required).map((option) => option.name).join(" ") : "moderators only",
      disabled: !command.permitted,
      value: command,
    }));
    this.list.show(options, { active: options.length ? 0 : -1, note: options.length ? "" : this.nothingToOffer() });
  }

  commandsOnOffer() {
    if (!this.heldFile) return this.room.commands;
    return this.room.commands.filter((command) => command.options.some((option) => option.type === ATTACHMENT));
  }

  nothingToOffer() {
    return this.room.commands.length ? "No command is called that." : "The bot has registered no commands yet.";
  }

  pick(option) {
    if (!option) return;
    this.begin(option.value);
  }

  key(event) {
    if (event.isComposing) return;
    const active = this.list.open ? this.list.active : null;
    if ((event.key === "Enter" || event.key === "Tab") && active && !event.shiftKey) {
      event.preventDefault();
      const wasTyped = active.label === this.input.value.trim();
      this.pick(active);
      if (event.key === "Enter" && wasTyped && this.entry) this.sendIfWhole();
    } else if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      this.send();
    } else if (this.list.handleKey(event)) {
      return;
    } else if (event.key === "ArrowUp" && !this.input.value) {
      event.preventDefault();
      this.recall(-1);
    }
  }

  pasted(event) {
    const file = [...(event.clipboardData?.files ?? [])][0];
    if (!file) return;
    event.preventDefault();
    this.takeFile(file);
  }

  // A command's fields.

  /** Turn to a command's fields; false when this member may not use it. */
  begin(command) {
    if (!command.permitted) {
      this.complain(`Only moderators can use /${command.name}. Act as a moderator to try it.`);
      return false;
    }
    this.showEntry(new CommandEntry(command, this));
    if (this.heldFile && this.entry.takeFile(this.heldFile)) this.heldFile = null;
    this.entry.focus();
    return true;
  }

  beginParsed({ command, values, rest }) {
    if (!this.begin(command)) return false;
    this.entry.takeLooseWords(rest);
    this.entry.takeValues(values);
    this.entry.focus();
    return true;
  }

  showEntry(entry) {
    this.list.hide();
    this.entry?.element.remove();
    this.entry = entry;
    this.input.value = "";
    this.input.hidden = Boolean(entry);
    this.complain("");
    this.say(entry ? entry.command.description : "");
    if (entry) this.box.prepend(entry.element);
    this.below.replaceChildren(entry ? entry.offers : "");
    this.form.classList.toggle("has-entry", Boolean(entry));
  }

  leaveEntry(text) {
    this.showEntry(null);
    this.input.value = text;
    this.input.focus();
    this.suggest();
  }

  /** Empty the box; what stood there can be had back with the up arrow. */
  discard() {
    this.remember();
    this.showEntry(null);
    this.input.focus();
  }

  /** Put a line into the box, as if it had been typed. */
  fill(line) {
    if (this.entry) this.remember();
    this.showEntry(null);
    const parsed = parseLine(line, this.room.commands);
    if (parsed && this.beginParsed(parsed)) return;
    this.input.value = line;
    this.input.focus();
    this.suggest();
  }

  takeFile(file) {
    if (this.entry) {
      this.entry.takeFile(file);
      return;
    }
    this.heldFile = file;
    if (!this.input.value.trimStart().startsWith("/")) this.input.value = "/";
    this.input.focus();
    this.suggest();
    this.say(`Choose the command for ${file.name}.`);
  }

  /** The registered commands changed: keep what was typed. */
  commandsChanged() {
    if (this.entry) {
      const hadFocus = this.form.contains(document.activeElement);
      const same = this.room.commands.find((command) => command.name === this.entry.command.name && command.permitted);
      if (!same || JSON.stringify(same) === JSON.stringify(this.entry.command)) return;
      this.restore(this.entry.snapshot(), { focus: hadFocus });
    } else if (document.activeElement === this.input) {
      const early = this.sentEarly;
      this.typed();
      if (early && this.entry) this.send();
    }
  }

  // History.

  remember() {
    this.history.push(this.entry.snapshot());
    if (this.history.length > KEPT_LINES) this.history.shift();
    this.historyAt = null;
  }

  recall(step) {
    const at = (this.historyAt ?? this.history.length) + step;
    if (!this.history[at]) return;
    this.restore(this.history[at], { focus: true });
    this.historyAt = at;
  }

  restore(snapshot, { focus }) {
    const command = this.room.commands.find((one) => one.name === snapshot.name);
    if (!command) {
      this.complain(`/${snapshot.name} is not registered here any more.`);
      return;
    }
    this.showEntry(new CommandEntry(command, this));
    this.entry.restore(snapshot);
    if (focus) this.entry.focus();
  }

  // Sending.

  async send() {
    if (this.sending) return;
    if (!this.entry) {
      // A line that is sent before the page has loaded the commands goes out with them.
      this.sentEarly = this.room.commands.length === 0;
      this.refusePlainText();
      return;
    }
    const { data, files, error, field } = this.entry.collect();
    if (error) {
      field.focus();
      this.complain(error);
      return;
    }
    await this.deliver(this.entry, data, files);
  }

  refusePlainText() {
    const parsed = parseLine(this.input.value, this.room.commands);
    if (parsed) this.beginParsed(parsed);
    else if (this.input.value.trim().startsWith("/")) this.complain("No command is called that. Your text is still here.");
    else if (this.input.value.trim()) this.complain(PLAIN_TEXT_HINT);
  }

  async deliver(entry, data, files) {
    const line = entry.line();
    const snapshot = entry.snapshot();
    const row = this.timeline.addPending(line);
    this.sending = true;
    this.form.setAttribute("aria-busy", "true");
    try {
      const sent = await this.room.interactions.send({ type: 2, data }, files);
      this.remember();
      if (this.entry === entry) this.showEntry(null);
      this.input.focus();
      this.follow(sent, row, line, snapshot);
    } catch (error) {
      row.remove();
      this.complain(error.message);
    } finally {
      this.sending = false;
      this.form.removeAttribute("aria-busy");
    }
  }

  async follow(sent, row, line, snapshot) {
    const outcome = await sent.outcome;
    if (outcome.answered) row.remove();
    else this.timeline.failPending(row, line, outcome.reason, () => this.restore(snapshot, { focus: true }));
  }
}
