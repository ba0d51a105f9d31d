// One message of the timeline: drawn once, then changed in place when it is edited.
import { avatar } from "./avatar.js";
import { drawComponents } from "./components.js";
import { el, icon, patch } from "./dom.js";
import { embedView } from "./embeds.js";
import { markdown } from "./markdown.js";
import { attachmentView, isShownElsewhere } from "./media.js";

const FLAG_LOADING = 1 << 7;
const FLAG_COMPONENTS_V2 = 1 << 15;
const COMPONENT_INTERACTION = 3;
const THREAD_CREATED = 18;
const THREAD_STARTER = 21;

export class MessageView {
  /** `onDismiss(id)` takes an ephemeral message away from this page. */
  constructor(message, room, { onDismiss }) {
    this.room = room;
    this.onDismiss = onDismiss;
    this.scene = { room, attachments: [], press: (...used) => this.press(...used) };
    this.face = el("div", { class: "message-face" });
    this.above = el("div", { class: "message-above" });
    this.head = el("header", { class: "message-head" });
    this.words = el("div", { class: "words" });
    this.attachments = el("div", { class: "attachments" });
    this.embeds = el("div", { class: "embeds" });
    this.components = el("div", { class: "components" });
    this.below = el("div", { class: "message-below" });
    this.trouble = el("p", { class: "message-trouble", role: "alert" });
    const body = el("div", { class: "message-body" }, this.head, this.words, this.attachments, this.embeds, this.components, this.below, this.trouble);
    this.element = el("article", { class: "message", tabindex: "-1", "data-id": message.id }, this.above, this.face, body);
    this.update(message);
  }

  /** Show a newer state of the message without disturbing what has not changed. */
  update(message) {
    const focused = this.focusedControl();
    this.message = message;
    this.scene.attachments = message.attachments ?? [];
    this.loading = Boolean(message.flags & FLAG_LOADING);
    const isV2 = Boolean(message.flags & FLAG_COMPONENTS_V2);
    this.element.classList.toggle("is-ephemeral", Boolean(message.ephemeral));
    this.element.classList.toggle("is-loading", this.loading);
    this.drawSurroundings();
    patch(this.words, this.wordsShown(isV2), (shown) => this.drawWords(shown));
    patch(this.attachments, isV2 ? [] : this.loose(), attachmentView);
    patch(this.embeds, isV2 ? [] : (message.embeds ?? []), (embed) => embedView(embed, this.scene.attachments, this.room));
    drawComponents(this.components, message.components ?? [], this.scene);
    this.element.setAttribute("aria-label", this.spoken());
    this.restoreFocus(focused);
  }

  wordsShown(isV2) {
    if (this.loading) return [{ thinking: true }];
    return this.message.content && !isV2 ? [{ content: this.message.content }] : [];
  }

  drawWords({ thinking, content }) {
    if (!thinking) return el("div", {}, markdown(content, this.room));
    const dots = el("span", { class: "dots", "aria-hidden": "true" }, el("i"), el("i"), el("i"));
    return el("p", { class: "thinking" }, dots, `${this.authorName()} is thinking…`);
  }

  loose() {
    return this.scene.attachments.filter((attachment) => !isShownElsewhere(attachment, this.message));
  }

  drawSurroundings() {
    const { author, timestamp, edited_timestamp: edited, ephemeral } = this.message;
    patch(this.face, [author], () => avatar(this.room.userById(author.id) ?? author, { isApplication: Boolean(author.bot) }));
    patch(this.above, this.contextLines(), (line) => el("p", { class: "context" }, icon("reply"), el("b", {}, line.who), ` ${line.did} `, line.what ? el("code", {}, line.what) : ""));
    patch(this.head, [{ author, timestamp, edited: Boolean(edited) && !this.loading }], (shown) => this.headView(shown));
    const below = [ephemeral && { ephemeral: true }, this.message.thread && { thread: this.message.thread.id }].filter(Boolean);
    patch(this.below, below, ({ thread }) => (thread ? this.threadView(thread) : this.ephemeralView()));
  }

  contextLines() {
    const { interaction_metadata: used, interaction, referenced_message: original } = this.message;
    const name = used?.name ?? interaction?.name;
    const user = used?.user ?? interaction?.user;
    if (user && name && used?.type !== COMPONENT_INTERACTION) return [{ who: this.nameOf(user), did: "used", what: `/${name}` }];
    if (this.message.type === THREAD_CREATED) return [{ who: this.nameOf(this.message.author), did: "started a thread" }];
    if (this.message.type === THREAD_STARTER) return [{ who: this.nameOf(this.message.author), did: "started this thread from a message in the channel" }];
    if (original) return [{ who: this.nameOf(original.author), did: `wrote: ${(original.content || "a message").slice(0, 120)}` }];
    return [];
  }

  headView({ author, timestamp, edited }) {
    const moment = new Date(timestamp);
    const short = new Intl.DateTimeFormat(undefined, { timeStyle: "short" }).format(moment);
    const long = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "medium" }).format(moment);
    return el(
      "div",
      { class: "message-line" },
      el("span", { class: "message-author" }, this.authorName()),
      author.bot ? el("span", { class: "badge", title: "This is an application" }, "APP") : null,
      el("time", { datetime: timestamp, title: long }, short),
      edited ? el("span", { class: "edited" }, "edited") : null,
    );
  }

  threadView(threadId) {
    const name = this.room.channelName(threadId);
    const open = el("button", { type: "button", class: "link-button", on: { click: () => this.room.goToChannel(threadId) } }, icon("thread"), `Open the thread “${name}”`);
    return el("p", { class: "thread-link" }, open);
  }

  ephemeralView() {
    const dismiss = el("button", { type: "button", class: "link-button", on: { click: () => this.onDismiss(this.message.id) } }, "Dismiss message");
    return el("p", { class: "ephemeral" }, icon("eye"), "Only you can see this ", dismiss);
  }

  authorName() {
    return this.nameOf(this.message.author);
  }

  nameOf(user) {
    return this.room.userById(user.id)?.global_name ?? user.global_name ?? user.username;
  }

  spoken() {
    const used = this.contextLines().map((line) => `, ${line.who} ${line.did} ${line.what ?? ""}`).join("");
    return `${this.authorName()}${used}${this.message.ephemeral ? ", only you can see this" : ""}`;
  }

  /** A button was pressed or a choice made in one of this message's menus. */
  async press(component, values, control) {
    if (control.getAttribute("aria-busy") === "true") return;
    control.setAttribute("aria-busy", "true");
    this.trouble.textContent = "";
    const data = { component_type: component.type, custom_id: component.custom_id, ...(values && { values }) };
    try {
      const sent = await this.room.interactions.send({ type: 3, message_id: this.message.id, data });
      const outcome = await sent.outcome;
      if (!outcome.answered) this.trouble.textContent = outcome.reason;
    } catch (error) {
      this.trouble.textContent = error.message;
    }
    control.removeAttribute("aria-busy");
  }

  focusedControl() {
    const focused = document.activeElement;
    return this.element.contains(focused) ? focused : null;
  }

  // An edit may replace the very button that was pressed: keep the keyboard's place.
  restoreFocus(focused) {
    if (!focused || this.element.contains(focused)) return;
    const id = focused.dataset.customId;
    const again = id && this.element.querySelector(`[data-custom-id="${CSS.escape(id)}"]:not(:disabled)`);
    (again || this.element).focus({ preventScroll: true });
  }
}
