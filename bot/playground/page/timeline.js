// The messages of the channel, oldest first, and the member's commands that wait for an answer.
import { compareIds, el, icon } from "./dom.js";
import { MessageView } from "./message.js";
import { welcome } from "./welcome.js";

const NEAR_END_PX = 120;

export class Timeline {
  constructor(place, room) {
    this.room = room;
    this.views = new Map(); // message id -> MessageView
    this.dismissed = new Set();
    this.start = el("div", { class: "timeline-start" });
    this.list = el("div", { class: "messages", role: "log", "aria-label": "Messages", "aria-relevant": "additions" });
    this.pending = el("div", { class: "pending", "aria-live": "polite" });
    this.content = el("div", { class: "timeline-content" }, this.start, this.list, this.pending);
    this.scroller = el("div", { class: "timeline-scroller", tabindex: "-1" }, this.content);
    this.jump = el("button", { type: "button", class: "jump", hidden: true, on: { click: () => this.toEnd() } }, icon("down"), "New messages");
    place.replaceChildren(this.scroller, this.jump);
    this.followsEnd = true;
    this.lastTop = 0;
    this.scroller.addEventListener("scroll", () => this.scrolled());
    this.list.addEventListener("keydown", (event) => this.key(event));
    this.list.addEventListener("focusin", (event) => this.rove(event.target.closest(".message")));
    new ResizeObserver(() => this.followsEnd && this.toEnd()).observe(this.content);
    new ResizeObserver(() => this.followsEnd && this.toEnd()).observe(this.scroller);
  }

  /** Show a channel from scratch, or what was missed while the feed was lost. */
  show(messages, { sameChannel }) {
    if (!sameChannel) {
      this.pending.replaceChildren();
      this.followsEnd = true;
    }
    const present = new Set(messages.map((message) => message.id));
    for (const id of this.views.keys()) if (!sameChannel || !present.has(id)) this.remove(id);
    messages.forEach((message) => this.put(message));
    this.drawStart();
    if (this.followsEnd) this.toEnd();
  }

  drawStart() {
    this.start.replaceChildren(welcome(this.room, { compact: this.views.size > 0 }));
  }

  /** A message has come, or was edited. A scroll of the reader may not have been told yet. */
  receive(message) {
    this.scrolled();
    this.put(message);
  }

  /** Add a message, or bring the one with its id up to date. */
  put(message) {
    if (this.dismissed.has(message.id)) return;
    const known = this.views.get(message.id);
    if (known) {
      known.update(message);
      return;
    }
    const view = new MessageView(message, this.room, { onDismiss: (id) => this.dismiss(id) });
    this.list.insertBefore(view.element, this.successorOf(message.id));
    this.views.set(message.id, view);
    this.rove(view.element);
    if (this.views.size === 1) this.drawStart();
    if (!this.followsEnd) this.jump.hidden = false;
  }

  successorOf(id) {
    let successor = null;
    for (const element of [...this.list.children].reverse()) {
      if (compareIds(element.dataset.id, id) < 0) break;
      successor = element;
    }
    return successor;
  }

  remove(id) {
    const view = this.views.get(id);
    if (!view) return;
    const neighbour = view.element.nextElementSibling ?? view.element.previousElementSibling;
    const hadFocus = view.element.contains(document.activeElement);
    const wasStop = view.element.tabIndex === 0;
    view.element.remove();
    this.views.delete(id);
    if (wasStop && neighbour) this.rove(neighbour);
    if (hadFocus) (neighbour ?? document.getElementById("composer-text"))?.focus();
    if (!this.views.size) this.drawStart();
  }

  dismiss(id) {
    this.dismissed.add(id);
    this.remove(id);
  }

  /** A row that stands for a command until the bot answers; returns it. */
  addPending(line) {
    const words = el("p", { class: "pending-words" }, "Sending ", el("code", {}, line), " …");
    const row = el("div", { class: "pending-row" }, words);
    this.pending.append(row);
    this.toEnd();
    return row;
  }

  /** The bot did not answer: say so, and offer the command again. */
  failPending(row, line, reason, onAgain) {
    const again = el("button", { type: "button", class: "link-button" }, "Put it back in the message box");
    const dismiss = el("button", { type: "button", class: "link-button", on: { click: () => row.remove() } }, "Dismiss");
    again.addEventListener("click", () => {
      row.remove();
      onAgain();
    });
    row.classList.add("is-failed");
    row.replaceChildren(el("p", { class: "pending-words" }, el("code", {}, line)), el("p", { class: "message-trouble" }, reason), again, " ", dismiss);
  }

  /** Bring a message into view and focus it; false when it is not here. */
  goTo(id) {
    const view = this.views.get(id);
    if (!view) return false;
    this.followsEnd = false;
    view.element.focus({ preventScroll: true });
    view.element.scrollIntoView({ block: "center" });
    return true;
  }

  // One message is a tab stop; arrow keys, Home and End move among them.
  rove(element) {
    if (!element) return;
    for (const stop of this.list.querySelectorAll(':scope > .message[tabindex="0"]')) stop.tabIndex = -1;
    element.tabIndex = 0;
  }

  key(event) {
    if (!event.target.classList.contains("message")) return;
    const { previousElementSibling: previous, nextElementSibling: next } = event.target;
    const goal = { ArrowUp: previous, ArrowDown: next, Home: this.list.firstElementChild, End: this.list.lastElementChild }[event.key];
    if (!goal) return;
    event.preventDefault();
    goal.focus();
    goal.scrollIntoView({ block: "nearest" });
  }

  // Only scrolling upwards leaves the end: a new message also makes it further away.
  scrolled() {
    const { scrollHeight, scrollTop, clientHeight } = this.scroller;
    if (scrollHeight - scrollTop - clientHeight < NEAR_END_PX) this.followsEnd = true;
    else if (scrollTop < this.lastTop) this.followsEnd = false;
    this.lastTop = scrollTop;
    if (this.followsEnd) this.jump.hidden = true;
  }

  toEnd() {
    this.scroller.scrollTop = this.scroller.scrollHeight;
    // The scroll event comes with the next frame, perhaps only after somebody has scrolled up.
    this.lastTop = this.scroller.scrollTop;
    this.followsEnd = true;
    this.jump.hidden = true;
  }
}
