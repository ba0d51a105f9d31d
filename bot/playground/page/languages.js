// The language of the member's client, and that of the server, which moderators choose.
import { el } from "./dom.js";

export class Languages {
  /** `onMember(locale)` and `onGuild(locale)` are called when one is chosen. */
  constructor(room, { onMember, onGuild }) {
    this.room = room;
    this.member = this.menu(onMember);
    this.guild = this.menu(onGuild);
    this.element = el("section", { class: "languages", "aria-label": "Languages" }, this.member.row, this.guild.row);
    this.sayChosen();
  }

  menu(onChoose) {
    const options = this.room.session.locales.map(({ id, name }) => el("option", { value: id, lang: id }, name));
    const select = el("select", { class: "language", on: { change: () => onChoose(select.value) } }, options);
    const words = el("span", { class: "language-of" });
    return { select, words, row: el("label", { class: "language-row" }, words, select) };
  }

  /** Show what holds for the member and the server that one is at. */
  sayChosen() {
    const { user, guild } = this.room;
    this.member.words.textContent = `${user.global_name ?? user.username} reads`;
    this.member.select.value = this.room.locale;
    this.guild.row.hidden = !guild.id; // in a conversation with the bot alone
    this.guild.words.textContent = `${guild.name} speaks`;
    this.guild.select.value = guild.preferred_locale;
    this.guild.select.disabled = user.role !== "moderator";
    this.guild.row.title = user.role === "moderator" ? "" : "Moderators choose it.";
  }
}
