// Modals that the bot opens: a <dialog>, which keeps the focus inside by itself.
import { el, freshId, icon } from "./dom.js";
import { markdown } from "./markdown.js";
import { modalField } from "./modal_field.js";

const ACTION_ROW = 1;
const LABEL = 18;
const TEXT_DISPLAY = 10;

export class ModalDialog {
  /** Shows at once. `modal` is {custom_id, title, components}. */
  constructor(modal, room) {
    this.modal = modal;
    this.room = room;
    this.fields = [];
    this.trouble = el("p", { class: "message-trouble", role: "alert" });
    const titleId = freshId("modal-title");
    const rows = modal.components.map((component) => this.row(component));
    const cancel = el("button", { type: "button", class: "button button-secondary", on: { click: () => this.dialog.close() } }, "Cancel");
    this.submitButton = el("button", { type: "submit", class: "button button-primary" }, "Submit");
    const form = el("form", { novalidate: true, class: "modal-form" }, ...rows, this.trouble, el("div", { class: "modal-actions" }, cancel, this.submitButton));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
    const close = el("button", { type: "button", class: "icon-button", "aria-label": "Close", on: { click: () => this.dialog.close() } }, icon("close"));
    this.dialog = el("dialog", { class: "modal", "aria-labelledby": titleId }, el("div", { class: "modal-head" }, el("h2", { id: titleId }, modal.title), close), form);
    this.dialog.addEventListener("close", () => this.gone());
    this.opener = document.activeElement;
    document.body.append(this.dialog);
    this.dialog.showModal();
    this.fields[0]?.focus();
  }

  row(component) {
    if (component.type === TEXT_DISPLAY) return el("div", { class: "words" }, markdown(component.content, this.room));
    if (component.type === ACTION_ROW) {
      const [inner] = component.components;
      return this.labelled(inner, inner.label ?? "", null, (answer) => ({ type: ACTION_ROW, components: [answer] }));
    }
    if (component.type === LABEL) {
      return this.labelled(component.component, component.label, component.description, (answer) => ({ type: LABEL, component: answer }));
    }
    return el("p", { class: "subtext" }, `(a component of type ${component.type}, which this page does not draw)`);
  }

  labelled(component, label, description, wrap) {
    const field = modalField(component, label, this.room);
    this.fields.push(field);
    field.wrap = wrap;
    field.message = el("p", { class: "field-error", id: freshId("field-error") });
    const detail = description ? el("p", { class: "hint", id: freshId("field-hint") }, description) : null;
    field.control.setAttribute("aria-describedby", [field.message.id, detail?.id].filter(Boolean).join(" "));
    const required = field.required ? el("span", { class: "required", "aria-hidden": "true" }, " *") : null;
    const caption = field.isGroup ? el("span", { class: "modal-label" }, label, required) : el("label", { class: "modal-label", for: field.control.id }, label, required);
    return el("div", { class: "modal-field" }, caption, detail, field.element, field.message);
  }

  async submit() {
    if (!this.check()) return;
    const files = [];
    const attachments = {};
    const components = this.fields.map((field) => field.wrap(field.answer(files, attachments)));
    const data = { custom_id: this.modal.custom_id, components, ...(files.length && { attachments }) };
    this.submitButton.setAttribute("aria-busy", "true");
    this.submitButton.disabled = true;
    try {
      const sent = await this.room.interactions.send({ type: 5, data }, files);
      const outcome = await sent.outcome;
      if (outcome.answered) this.dialog.close();
      else this.trouble.textContent = outcome.reason;
    } catch (error) {
      this.trouble.textContent = error.message;
    }
    this.submitButton.disabled = false;
    this.submitButton.removeAttribute("aria-busy");
  }

  /** Show every problem in its place; the first one gets the focus. */
  check() {
    this.trouble.textContent = "";
    let first = null;
    for (const field of this.fields) {
      const problem = field.problem();
      field.message.textContent = problem;
      field.control.setAttribute("aria-invalid", problem ? "true" : "false");
      if (problem) first ??= field;
    }
    first?.focus();
    return !first;
  }

  gone() {
    this.dialog.remove();
    const goal = this.opener?.isConnected ? this.opener : document.getElementById("composer-text");
    goal?.focus();
  }
}
