// Where the member is and what the page knows there; names for ids.

const USUAL_LOCALE = "en-US";

export class Room {
  constructor(session) {
    this.session = session;
    this.commands = [];
    this.conversations = { id: null, name: "Direct messages", channels: [], threads: [] };
    this.noteConversations(session.direct_channels);
    this.enter(session.users[0], session.guilds[0], session.guilds[0].channels[0]);
  }

  enter(user, guild, channel) {
    this.user = user;
    this.guild = guild;
    this.channel = channel;
  }

  /** The language of the member's client; each has one, and this browser remembers it. */
  get locale() {
    const kept = localStorage.getItem(`locale of ${this.user.id}`);
    return this.session.locales.some(({ id }) => id === kept) ? kept : USUAL_LOCALE;
  }

  set locale(locale) {
    localStorage.setItem(`locale of ${this.user.id}`, locale);
  }

  userById(id) {
    return this.session.users.find((user) => user.id === id);
  }

  userName(id) {
    if (id === this.session.application.id) return this.session.application.name;
    const user = this.userById(id);
    return user ? (user.global_name ?? user.username) : "someone";
  }

  /** {guild, channel} of a channel's id, or null. */
  placeOf(channelId) {
    for (const guild of this.session.guilds) {
      const channel = [...guild.channels, ...guild.threads].find((one) => one.id === channelId);
      if (channel) return { guild, channel };
    }
    const direct = this.session.direct_channels.find((one) => one.id === channelId);
    return direct ? { guild: this.conversations, channel: direct } : null;
  }

  /** The bot's conversation with whoever one is, or undefined while there is none. */
  get conversation() {
    return this.session.direct_channels.find((one) => one.recipient_id === this.user.id);
  }

  /** What the page knows of private conversations: there are new ones once the bot writes first. */
  noteConversations(channels) {
    this.session.direct_channels = channels.map((one) => ({ ...one, name: this.session.application.name, direct: true }));
    if (this.channel?.direct && this.channel.recipient_id !== this.user.id) this.enter(this.user, this.session.guilds[0], this.session.guilds[0].channels[0]);
  }

  /** A thread was started, renamed, archived or opened again. */
  noteThread(thread) {
    const guild = this.session.guilds.find((one) => one.id === thread.guild_id);
    const known = guild?.threads.find((one) => one.id === thread.id);
    if (known) Object.assign(known, thread);
    else guild?.threads.push(thread);
  }

  knowsChannel(id) {
    return this.placeOf(id) !== null;
  }

  channelName(id) {
    return this.placeOf(id)?.channel.name ?? "a channel";
  }

  /** Read "#<channel id>/<user id>" from an address, where both exist. */
  followAddress(hash) {
    const [channelId, userId] = hash.replace(/^#/, "").split("/");
    Object.assign(this, this.placeOf(channelId));
    this.user = this.userById(userId) ?? this.user;
    this.noteConversations(this.session.direct_channels);
  }

  get address() {
    return `#${this.channel.id}/${this.user.id}`;
  }
}
