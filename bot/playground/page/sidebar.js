// Guilds and their channels, and the member whose eyes one looks through.
import { avatar } from "./avatar.js";
import { el, icon } from "./dom.js";
import { Languages } from "./languages.js";

export class Sidebar {
  /** `onChannel(guild, channel)` and `onUser(user)` are called when one is chosen; `onLocale` and
   * `onGuildLocale` with a language. */
  constructor(place, room, { onChannel, onUser, onLocale, onGuildLocale }) {
    this.place = place;
    this.room = room;
    this.onChannel = onChannel;
    this.onUser = onUser;
    this.unread = new Set();
    this.languages = new Languages(room, { onMember: onLocale, onGuild: onGuildLocale });
  }

  draw() {
    const { users } = this.room.session;
    const brand = el("div", { class: "brand" }, el("img", { src: "/static/reel.svg", alt: "" }), el("span", {}, "Reelroom playground"));
    const close = el("button", { type: "button", class: "icon-button sidebar-close", "aria-label": "Close the list of channels", on: { click: () => this.room.closeSidebar() } }, icon("close"));
    this.channels = el("nav", { "aria-label": "Channels" });
    this.drawChannels();
    const members = el("fieldset", { class: "members" }, el("legend", {}, "Acting as"), users.map((user) => this.userView(user)));
    this.place.replaceChildren(el("div", { class: "sidebar-head" }, brand, close), this.channels, members, this.languages.element);
  }

  drawChannels() {
    const { conversation, conversations, session } = this.room;
    const direct = conversation ? this.sectionView(conversations.name, [el("li", {}, this.channelView(conversations, conversation, icon("mail")))]) : null;
    this.channels.replaceChildren(...session.guilds.map((guild) => this.guildView(guild)), ...(direct ? [direct] : []));
  }

  guildView(guild) {
    const items = guild.channels.map((channel) => {
      const threads = guild.threads.filter((thread) => thread.parent_id === channel.id);
      const list = threads.length ? el("ul", { class: "threads", "aria-label": `Threads of ${channel.name}` }, threads.map((thread) => el("li", {}, this.threadView(guild, thread)))) : null;
      return el("li", {}, this.channelView(guild, channel, icon("hash")), list);
    });
    return this.sectionView(guild.name, items);
  }

  sectionView(name, items) {
    return el("section", { class: "guild" }, el("h2", {}, name), el("ul", {}, items));
  }

  channelView(guild, channel, ...marks) {
    const current = channel.id === this.room.channel.id;
    const button = el("button", { type: "button", class: "channel", "aria-current": current ? "page" : null, "data-channel": channel.id }, marks, el("span", { class: "channel-name" }, channel.name));
    button.addEventListener("click", () => this.onChannel(guild, channel));
    return button;
  }

  threadView(guild, thread) {
    const button = this.channelView(guild, thread, icon("thread"));
    button.classList.add("thread");
    if (thread.archived) button.append(el("span", { class: "archived" }, "archived"));
    return button;
  }

  /** Threads were started or archived: draw the list again, and keep the keyboard's place. */
  threadsChanged() {
    const focused = document.activeElement?.dataset?.channel;
    this.drawChannels();
    this.markCurrent();
    if (focused) this.place.querySelector(`[data-channel="${CSS.escape(focused)}"]`)?.focus();
  }

  userView(user) {
    const radio = el("input", { type: "radio", name: "member", value: user.id, checked: user.id === this.room.user.id });
    radio.addEventListener("change", () => this.onUser(user));
    const name = el("span", { class: "member-name" }, user.global_name ?? user.username);
    return el("label", { class: "member" }, radio, avatar(user), name, el("span", { class: "member-role" }, user.role));
  }

  /** Mark where one is, without redrawing: the focus stays. */
  markCurrent() {
    this.unread.delete(this.room.channel.id);
    this.languages.sayChosen();
    for (const button of this.place.querySelectorAll(".channel")) {
      const isCurrent = button.dataset.channel === this.room.channel.id;
      if (isCurrent) button.setAttribute("aria-current", "page");
      else button.removeAttribute("aria-current");
      this.markUnread(button);
    }
  }

  noteUnread(channelId) {
    this.unread.add(channelId);
    const button = this.place.querySelector(`[data-channel="${CSS.escape(channelId)}"]`);
    if (button) this.markUnread(button);
  }

  markUnread(button) {
    const isUnread = this.unread.has(button.dataset.channel);
    const mark = button.querySelector(".unread");
    if (isUnread && !mark) button.append(el("span", { class: "unread" }, el("span", { class: "visually-hidden" }, "new messages")));
    if (!isUnread) mark?.remove();
  }
}
