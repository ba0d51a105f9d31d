// What a member did and whether the bot answered. Commands, buttons and modals all pass here.
import { postInteraction } from "./server_link.js";

const REMEMBERED_OUTCOMES = 200;

export class Interactions {
  constructor(room) {
    this.room = room;
    this.waiting = new Map(); // interaction id -> resolve function
    this.outcomes = new Map(); // an event may overtake the answer of the POST
    this.sent = new Set(); // ids of what this page sent
    this.modals = new Map(); // interaction id -> modal that is not open yet
  }

  /**
   * Send one interaction from where the member is now. Resolves, once the server took it,
   * to {id, outcome}: `outcome` is a promise of {answered: true} or {answered: false, reason}.
   * Throws Refused when the server did not take it.
   */
  async send(body, files = []) {
    const { interaction_id: id } = await postInteraction({ ...this.place(), ...body }, this.room.locale, files);
    const outcome = this.outcomes.has(id)
      ? Promise.resolve(this.outcomes.get(id))
      : new Promise((resolve) => this.waiting.set(id, resolve));
    this.sent.add(id);
    this.openModal(id);
    return { id, outcome };
  }

  /** Ask the bot for suggestions: an array of {name, value}. */
  async autocomplete(data, signal) {
    const answer = await postInteraction({ ...this.place(), type: 4, data }, this.room.locale, [], signal);
    return answer.choices ?? [];
  }

  place() {
    const { user, guild, channel } = this.room;
    return { user: user.id, guild_id: guild.id, channel_id: channel.id };
  }

  /** Learn from the event feed how an interaction went. */
  observe(name, data) {
    if (name === "INTERACTION_FAILED") {
      this.settle(data.interaction_id, { answered: false, reason: data.reason });
    } else if (name === "MODAL") {
      this.modals.set(data.interaction_id, data);
      this.openModal(data.interaction_id);
    } else if (name === "INTERACTION_ACKNOWLEDGED") {
      this.settle(data.interaction_id, { answered: true });
    } else if (name === "MESSAGE_CREATE" && data.interaction_metadata) {
      this.settle(data.interaction_metadata.id, { answered: true });
    }
  }

  // A modal opens where its button was pressed, not in every page of the member.
  openModal(id) {
    const modal = this.modals.get(id);
    if (!modal || !this.sent.has(id)) return;
    this.modals.delete(id);
    this.room.openModal(modal);
  }

  /** The feed was lost: what was not heard of by now will not be. */
  forgetWaiting(reason) {
    for (const id of [...this.waiting.keys()]) this.settle(id, { answered: false, reason });
  }

  settle(id, outcome) {
    if (this.outcomes.has(id)) return;
    this.outcomes.set(id, outcome);
    if (this.outcomes.size > REMEMBERED_OUTCOMES) this.outcomes.delete(this.outcomes.keys().next().value);
    this.waiting.get(id)?.(outcome);
    this.waiting.delete(id);
  }
}
