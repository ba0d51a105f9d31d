// The playground's member side, over HTTP and one WebSocket.

/** The server answered 4xx; the message is the sentence it sent. */
export class Refused extends Error {}

async function readJson(response) {
  const body = await response.json().catch(() => ({}));
  if (!response.ok) throw new Refused(body.message ?? `The playground answered ${response.status}.`);
  return body;
}

async function ask(path, request = {}) {
  let response;
  try {
    response = await fetch(path, request);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refused("The playground cannot be reached. Is it still running?");
  }
  return readJson(response);
}

async function get(path, query = {}) {
  const search = new URLSearchParams(query).toString();
  return ask(search ? `${path}?${search}` : path);
}

export const fetchSession = () => get("/playground/session");

export async function fetchMessages(channelId, userId) {
  return (await get(`/playground/channels/${channelId}/messages`, { user: userId })).messages;
}

/** The commands of a guild, described in the language of `locale` where the bot says them in it. */
export async function fetchCommands(guildId, userId, locale) {
  const search = new URLSearchParams({ user: userId });
  return (await ask(`/playground/guilds/${guildId}/commands?${search}`, { headers: inLanguage(locale) })).commands;
}

/** Choose a server's language; Refused unless the member is a moderator. */
export async function chooseGuildLocale(guildId, userId, locale) {
  const request = { method: "PATCH", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ preferred_locale: locale }) };
  await ask(`/playground/guilds/${guildId}?${new URLSearchParams({ user: userId })}`, request);
}

const inLanguage = (locale) => ({ "X-Member-Locale": locale });

/**
 * Send an interaction; `files[n]` is what an attachment option's value "n" names.
 * `locale` is the language of the member's client.
 * Throws Refused with a readable message when the server finds the input wrong.
 */
export async function postInteraction(payload, locale, files = [], signal = undefined) {
  const request = { method: "POST", signal, headers: inLanguage(locale) };
  if (files.length) {
    request.body = new FormData();
    request.body.append("payload_json", JSON.stringify(payload));
    files.forEach((file, index) => request.body.append(`files[${index}]`, file, file.name));
  } else {
    request.headers["Content-Type"] = "application/json";
    request.body = JSON.stringify(payload);
  }
  return ask("/playground/interactions", request);
}

const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 8000;

/** Events for one member. Connects again by itself until `close()`. */
export class EventFeed {
  constructor(userId, { onOpen, onEvent, onLost }) {
    this.url = new URL(`/playground/events?user=${encodeURIComponent(userId)}`, location.href);
    this.url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
    this.listeners = { onOpen, onEvent, onLost };
    this.retryMs = FIRST_RETRY_MS;
    this.closed = false;
    this.connect();
  }

  connect() {
    const socket = new WebSocket(this.url);
    this.socket = socket;
    socket.addEventListener("open", () => {
      this.retryMs = FIRST_RETRY_MS;
      if (!this.closed) this.listeners.onOpen();
    });
    socket.addEventListener("message", ({ data }) => {
      if (this.closed) return;
      const frame = JSON.parse(data);
      this.listeners.onEvent(frame.t, frame.d);
    });
    socket.addEventListener("close", () => this.retry());
  }

  retry() {
    if (this.closed) return;
    this.listeners.onLost();
    this.timer = setTimeout(() => this.connect(), this.retryMs);
    this.retryMs = Math.min(this.retryMs * 2, LONGEST_RETRY_MS);
  }

  close() {
    this.closed = true;
    clearTimeout(this.timer);
    this.socket.close();
  }
}
