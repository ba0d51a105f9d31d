// An option that takes a file: chosen, dropped or pasted.
import { el, freshId, icon } from "./dom.js";
import { readableSize } from "./media.js";

export class AttachmentField {
  constructor(option, entry) {
    this.option = option;
    this.entry = entry;
    this.file = null;
    this.build();
  }

  build() {
    const { name, label, required } = this.option;
    const id = freshId("file");
    this.picker = el("input", { type: "file", id: freshId("picker"), class: "visually-hidden", tabindex: "-1", "aria-label": `File for ${name}` });
    this.picker.addEventListener("change", () => this.picker.files[0] && this.take(this.picker.files[0]));
    this.words = el("span", { class: "file-words" });
    this.preview = el("span", { class: "file-preview" });
    this.input = el("button", { type: "button", id, class: "file-button", "aria-describedby": "composer-hint" }, this.preview, this.words);
    this.input.addEventListener("click", () => this.picker.click());
    this.input.addEventListener("focus", () => this.entry.focusedField(this));
    this.input.addEventListener("keydown", (event) => this.key(event));
    const remove = el("button", { type: "button", class: "remove", tabindex: "-1", "aria-label": `Remove ${name}`, on: { click: () => this.clear() } }, icon("close"));
    this.element = el("div", { class: "field field-file", "data-option": name }, el("label", { for: id }, label), this.input, this.picker, remove);
    this.required = required;
    this.draw();
  }

  focus() {
    this.input.focus();
  }

  take(file) {
    this.file = file;
    this.draw();
    this.showError(null);
    this.entry.changed(this);
  }

  clear() {
    if (!this.file && !this.required) {
      this.entry.removeField(this);
      return;
    }
    this.file = null;
    this.picker.value = "";
    this.draw();
    this.entry.changed(this);
  }

  draw() {
    if (this.address) URL.revokeObjectURL(this.address);
    this.address = this.file?.type.startsWith("image/") ? URL.createObjectURL(this.file) : null;
    this.preview.replaceChildren(this.address ? el("img", { src: this.address, alt: "" }) : icon(this.file ? "file" : "plus"));
    this.words.textContent = this.file ? `${this.file.name} (${readableSize(this.file.size)})` : "choose, drop or paste a file";
    this.element.classList.toggle("has-file", Boolean(this.file));
  }

  /** {value: File}, {error} or {}. */
  outcome() {
    if (this.file) return { value: this.file };
    return this.required ? { error: `${this.option.name} needs a file.` } : {};
  }

  snapshot() {
    return { name: this.option.name, file: this.file };
  }

  restore({ file }) {
    this.file = file ?? null;
    this.draw();
  }

  /** Text cannot fill a file field: it says so by staying empty. */
  setText() {}

  showError(error) {
    this.element.classList.toggle("is-wrong", Boolean(error));
    this.input.setAttribute("aria-invalid", error ? "true" : "false");
  }

  key(event) {
    if (event.key === "Enter" && this.file) {
      event.preventDefault();
      this.entry.submit();
    } else if (event.key === "Backspace" || event.key === "Delete") {
      event.preventDefault();
      if (this.file) this.clear();
      else this.entry.backspace(this);
    } else {
      this.entry.key(event, this);
    }
  }
}
