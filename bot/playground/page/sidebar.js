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
    const { guilds, users } = this.room.session;
    const brand = el("div", { class: "brand" }, el("img", { src: "/static/reel.svg", alt: "" }), el("span", {}, "Reelroom playground"));
    const close = el("button", { type: "button", class: "icon-button sidebar-close", "aria-label": "Close the list of channels", on: { click: () => this.room.closeSidebar() } }, icon("close"));
    const channels = el("nav", { "aria-label": "Channels" }, guilds.map((guild) => this.guildView(guild)));
    const members = el("fieldset", { class: "members" }, el("legend", {}, "Acting as"), users.map((user) => this.userView(user)));
    this.place.replaceChildren(el("div", { class: "sidebar-head" }, brand, close), channels, members, this.languages.element);
  }

  guildView(guild) {
    const buttons = guild.channels.map((channel) => {
      const current = channel.id === this.room.channel.id;
      const button = el("button", { type: "button", class: "channel", "aria-current": current ? "page" : null, "data-channel": channel.id }, icon("hash"), el("span", {}, channel.name));
      button.addEventListener("click", () => this.onChannel(guild, channel));
      return el("li", {}, button);
    });
    return el("section", { class: "guild" }, el("h2", {}, guild.name), el("ul", {}, buttons));
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
