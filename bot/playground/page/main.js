// Puts the page together and keeps it true to the playground's events.
import { invocable } from "./commands.js";
import { Composer } from "./composer.js";
import { el, icon } from "./dom.js";
import { Interactions } from "./interactions.js";
import { keepTimesTrue } from "./markdown.js";
import { ModalDialog } from "./modal.js";
import { Room } from "./room.js";
import { chooseGuildLocale, EventFeed, fetchCommands, fetchMessages, fetchSession } from "./server_link.js";
import { Sidebar } from "./sidebar.js";
import { Timeline } from "./timeline.js";

const LOST_REASON = "The connection to the playground was lost; look whether the answer is above.";

class Page {
  constructor(session) {
    this.room = new Room(session);
    this.room.followAddress(location.hash);
    this.room.interactions = new Interactions(this.room);
    this.room.fillComposer = (line) => this.composer.fill(line);
    this.room.openModal = (modal) => new ModalDialog(modal, this.room);
    this.room.goToMessage = (channelId, messageId) => this.goToMessage(channelId, messageId);
    this.room.goToChannel = (channelId) => this.goToChannel(channelId);
    this.room.closeSidebar = () => this.toggleSidebar(false);
    this.timeline = new Timeline(document.getElementById("timeline"), this.room);
    this.composer = new Composer(document.getElementById("composer"), this.room, this.timeline);
    this.sidebar = new Sidebar(document.getElementById("sidebar"), this.room, {
      onChannel: (guild, channel) => this.go(this.room.user, guild, channel),
      onUser: (user) => this.become(user),
      onLocale: (locale) => this.chooseLocale(locale),
      onGuildLocale: (locale) => this.chooseGuildLocale(locale),
    });
    this.sidebar.draw();
    this.drawHeader();
    this.listen();
    this.connect();
  }

  // Where one is.

  go(user, guild, channel) {
    const otherUser = user.id !== this.room.user.id;
    const otherGuild = guild.id !== this.room.guild.id;
    this.room.enter(user, guild, channel);
    history.replaceState(null, "", this.room.address);
    this.sidebar.markCurrent();
    this.drawHeader();
    this.toggleSidebar(false);
    if (otherUser) this.connect();
    return otherUser ? null : this.load({ commandsToo: otherGuild, sameChannel: false });
  }

  goToChannel(channelId) {
    const place = this.room.placeOf(channelId);
    if (place) this.go(this.room.user, place.guild, place.channel);
  }

  /** Somebody else: in the same channel, unless that is the conversation of who one was. */
  become(user) {
    const { channel, guild, session } = this.room;
    if (channel.direct) this.go(user, session.guilds[0], session.guilds[0].channels[0]);
    else this.go(user, guild, channel);
    this.sidebar.threadsChanged();
  }

  async goToMessage(channelId, messageId) {
    const { guild, channel } = this.room.placeOf(channelId);
    if (channel !== this.room.channel) await this.go(this.room.user, guild, channel);
    if (!this.timeline.goTo(messageId)) this.composer.complain("That message was deleted, or only somebody else can see it.");
  }

  connect() {
    this.feed?.close();
    let sameChannel = false;
    this.feed = new EventFeed(this.room.user.id, {
      onOpen: () => {
        this.setLost(false);
        this.load({ commandsToo: true, sameChannel });
        sameChannel = true;
      },
      onEvent: (name, data) => this.receive(name, data),
      onLost: () => this.setLost(true),
    });
  }

  /** Fetch what the channel holds; events that arrive meanwhile are kept and come after. */
  async load({ commandsToo, sameChannel }) {
    const { user, guild, channel } = this.room;
    const held = [];
    this.held = held;
    try {
      const [messages, commands, session] = await Promise.all([
        fetchMessages(channel.id, user.id),
        commandsToo ? this.commandsOf(guild, user) : null,
        commandsToo ? fetchSession() : null,
      ]);
      if (this.held !== held) return;
      if (commands) this.takeCommands(commands);
      if (session) this.takeSession(session);
      this.timeline.show(messages, { sameChannel });
    } catch (error) {
      this.composer.complain(error.message);
    }
    if (this.held !== held) return;
    this.held = null;
    held.forEach(([name, data]) => this.receiveMessage(name, data));
  }

  chooseLocale(locale) {
    this.room.locale = locale;
    return this.reloadCommands().catch((error) => this.composer.complain(error.message));
  }

  async chooseGuildLocale(locale) {
    try {
      await chooseGuildLocale(this.room.guild.id, this.room.user.id, locale);
    } catch (error) {
      this.composer.complain(error.message);
      this.sidebar.languages.sayChosen();
    }
  }

  guildChanged({ id, preferred_locale: locale }) {
    const guild = this.room.session.guilds.find((one) => one.id === id);
    if (guild) guild.preferred_locale = locale;
    this.sidebar.languages.sayChosen();
  }

  /** In the bot's conversation with a member only its buttons work. */
  commandsOf(guild, user) {
    return guild.id ? fetchCommands(guild.id, user.id, this.room.locale) : [];
  }

  takeSession(session) {
    this.setOnline(session.application.online);
    session.guilds.forEach((guild) => this.guildChanged(guild));
    this.room.noteConversations(session.direct_channels);
    session.guilds.flatMap((guild) => guild.threads).forEach((thread) => this.room.noteThread(thread));
    this.sidebar.threadsChanged();
  }

  async reloadCommands() {
    const { guild, user } = this.room;
    const commands = await this.commandsOf(guild, user);
    if (guild === this.room.guild && user === this.room.user) this.takeCommands(commands);
  }

  takeCommands(registered) {
    this.room.commands = invocable(registered);
    this.composer.commandsChanged();
    this.timeline.drawStart();
  }

  // What happens.

  receive(name, data) {
    this.room.interactions.observe(name, data);
    if (name === "BOT_STATUS") this.setOnline(data.online);
    else if (name === "COMMANDS_UPDATE") this.reloadCommands().catch((error) => this.composer.complain(error.message));
    else if (name === "GUILD_UPDATE") this.guildChanged(data);
    else if (name.startsWith("THREAD_")) this.noteThread(data);
    else if (name.startsWith("MESSAGE_")) this.receiveMessage(name, data);
  }

  noteThread(thread) {
    this.room.noteThread(thread);
    this.sidebar.threadsChanged();
    if (thread.id === this.room.channel.id) this.drawHeader();
  }

  receiveMessage(name, data) {
    if (data.channel_id !== this.room.channel.id) {
      if (name === "MESSAGE_CREATE") this.noteElsewhere(data.channel_id);
    } else if (this.held) {
      this.held.push([name, data]);
    } else if (name === "MESSAGE_DELETE") {
      this.timeline.remove(data.id);
    } else {
      this.timeline.receive(data);
    }
  }

  /** A message in another channel; the bot's first one to a member opens their conversation. */
  async noteElsewhere(channelId) {
    if (!this.room.knowsChannel(channelId)) this.takeSession(await fetchSession());
    this.sidebar.noteUnread(channelId);
  }

  setOnline(online) {
    const changed = this.room.session.application.online !== online;
    this.room.session.application.online = online;
    if (changed) this.drawHeader();
  }

  setLost(lost) {
    if (lost && !this.lost) this.room.interactions.forgetWaiting(LOST_REASON);
    this.lost = lost;
    document.body.classList.toggle("is-lost", lost);
    this.drawHeader();
  }

  // The frame around it.

  drawHeader() {
    const { channel, guild, session } = this.room;
    const menu = el("button", { type: "button", class: "icon-button menu", "aria-label": "Channels and members", "aria-controls": "sidebar", "aria-expanded": String(document.body.classList.contains("shows-sidebar")), on: { click: () => this.toggleSidebar(true) } }, icon("menu"));
    const [state, words] = this.botState(session.application);
    const isThread = Boolean(channel.parent_id);
    const about = channel.direct ? ["Direct messages"] : isThread ? [guild.name, `thread in #${this.room.channelName(channel.parent_id)}`, channel.archived && "archived"] : [guild.name, channel.topic];
    const place = el("div", { class: "place" }, el("h1", {}, icon(channel.direct ? "mail" : isThread ? "thread" : "hash"), channel.name), el("p", { class: "place-guild" }, about.filter(Boolean).join(" · ")));
    document.getElementById("room-header").replaceChildren(menu, place, el("p", { class: `bot-state is-${state}`, role: "status" }, words));
    document.title = `#${channel.name} · Reelroom playground`;
  }

  botState({ name, online }) {
    if (this.lost) return ["lost", "Reconnecting…"];
    return online ? ["online", `${name} is online`] : ["offline", `${name} is offline`];
  }

  toggleSidebar(shown) {
    const was = document.body.classList.contains("shows-sidebar");
    document.body.classList.toggle("shows-sidebar", shown);
    const menu = document.querySelector(".menu");
    menu?.setAttribute("aria-expanded", String(shown));
    if (shown) document.querySelector("#sidebar .channel[aria-current]")?.focus();
    else if (was) menu?.focus();
  }

  listen() {
    addEventListener("keydown", (event) => this.key(event));
    const main = document.querySelector("main");
    main.addEventListener("dragover", (event) => this.dragged(event, true));
    main.addEventListener("dragleave", (event) => this.dragged(event, false));
    main.addEventListener("drop", (event) => this.dropped(event));
    main.addEventListener("click", (event) => this.clickedMain(event));
    document.querySelector(".skip-link").addEventListener("click", (event) => {
      event.preventDefault();
      this.composer.focus();
    });
  }

  // On a phone the rest of the page is dimmed while the list is open; touching it closes.
  clickedMain(event) {
    if (!event.target.closest(".menu")) this.toggleSidebar(false);
  }

  key(event) {
    if (event.key === "Escape") this.toggleSidebar(false);
    const inField = event.target.closest?.("input, textarea, select, dialog, [role=combobox]");
    if (event.key !== "/" || inField || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    if (this.composer.entry) this.composer.focus();
    else this.composer.leaveEntry("/");
  }

  dragged(event, isOver) {
    if (![...(event.dataTransfer?.types ?? [])].includes("Files")) return;
    event.preventDefault();
    document.body.classList.toggle("is-dropping", isOver);
  }

  dropped(event) {
    document.body.classList.remove("is-dropping");
    const [file] = event.dataTransfer?.files ?? [];
    if (!file) return;
    event.preventDefault();
    this.composer.takeFile(file);
  }
}

async function open() {
  try {
    new Page(await fetchSession());
    keepTimesTrue();
  } catch (error) {
    document.getElementById("timeline").replaceChildren(el("p", { class: "page-failure", role: "alert" }, `The page could not start: ${error.message}`));
    throw error;
  }
}

open();
