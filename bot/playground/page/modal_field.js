// The inputs a modal can hold. Each is {element, control, required, focus, problem, answer}:
// `problem()` is "" or a sentence; `answer(files, attachments)` is the submitted component.
import { el, freshId } from "./dom.js";
import { SELECT_TYPES, SelectMenu } from "./select_menu.js";

const TEXT_INPUT = 4;
const FILE_UPLOAD = 19;
const RADIO_GROUP = 21;
const CHECKBOX_GROUP = 22;
const CHECKBOX = 23;
const PARAGRAPH = 2;
const LONGEST_TEXT = 4000;

/** Make the input for a component of a modal. */
export function modalField(component, label, room) {
  if (component.type === TEXT_INPUT) return textField(component);
  if (SELECT_TYPES.includes(component.type)) return selectField(component, label, room);
  if (component.type === FILE_UPLOAD) return fileField(component);
  if ([RADIO_GROUP, CHECKBOX_GROUP, CHECKBOX].includes(component.type)) return tickField(component, label);
  throw new Error(`A modal cannot hold a component of type ${component.type}.`);
}

function textField(component) {
  const { style, value, placeholder, custom_id: customId } = component;
  const required = component.required ?? true;
  const least = component.min_length ?? 0;
  const most = component.max_length ?? LONGEST_TEXT;
  const attributes = { id: freshId("modal-input"), placeholder, class: "text-input", "aria-required": String(required), "data-custom-id": customId };
  const control = style === PARAGRAPH ? el("textarea", { ...attributes, rows: "5" }) : el("input", { ...attributes, type: "text" });
  control.value = value ?? "";
  const isCounted = style === PARAGRAPH || component.max_length;
  const count = el("span", { class: "count", "aria-hidden": "true", hidden: !isCounted });
  const recount = () => (count.textContent = `${[...control.value].length} / ${most}`);
  control.addEventListener("input", recount);
  recount();
  return {
    element: el("div", { class: "text-field" }, control, count),
    control,
    required,
    focus: () => control.focus(),
    problem: () => textProblem(control.value, { required, least, most }),
    answer: () => ({ type: TEXT_INPUT, custom_id: customId, value: control.value }),
  };
}

function textProblem(text, { required, least, most }) {
  const length = [...text].length;
  if (!text.trim()) return required ? "This is required." : "";
  if (length < least) return `This needs at least ${least} characters; it has ${length}.`;
  return length > most ? `At most ${most} characters are allowed; it has ${length}.` : "";
}

function selectField(component, label, room) {
  const required = component.required ?? true;
  const menu = new SelectMenu(component, room, { label });
  menu.element.id = freshId("modal-select");
  const least = required ? Math.max(1, menu.min) : 0;
  return {
    element: menu.element,
    control: menu.element,
    required,
    focus: () => menu.element.focus(),
    problem: () => (menu.values.length < least ? `Choose at least ${least}.` : ""),
    answer: () => ({ type: component.type, custom_id: component.custom_id, values: menu.values }),
  };
}

function fileField(component) {
  const required = component.required ?? true;
  const least = required ? Math.max(1, component.min_values ?? 1) : 0;
  const most = component.max_values ?? 1;
  const control = el("input", { type: "file", id: freshId("modal-file"), multiple: most > 1, class: "file-input" });
  return {
    element: control,
    control,
    required,
    focus: () => control.focus(),
    problem: () => fileProblem(control.files.length, least, most),
    answer: (files, attachments) => {
      const values = [...control.files].map((file) => {
        const key = String(files.length);
        attachments[key] = { filename: file.name, content_type: file.type || "application/octet-stream" };
        files.push(file);
        return key;
      });
      return { type: FILE_UPLOAD, custom_id: component.custom_id, values };
    },
  };
}

function fileProblem(count, least, most) {
  if (count < least) return least === 1 ? "Choose a file." : `Choose at least ${least} files.`;
  return count > most ? `Choose at most ${most} files.` : "";
}

/** Radio buttons, a group of check boxes, or a single one. */
function tickField(component, label) {
  const { type, custom_id: customId } = component;
  const options = type === CHECKBOX ? [{ label, value: "true", default: component.default }] : component.options;
  const kind = type === RADIO_GROUP ? "radio" : "checkbox";
  const name = freshId("modal-ticks");
  const inputs = options.map((option) => el("input", { type: kind, name, value: option.value, checked: option.default }));
  const rows = options.map((option, index) => el("label", { class: "tick" }, inputs[index], el("span", {}, option.label), option.description ? el("span", { class: "hint" }, option.description) : null));
  const control = el("div", { role: kind === "radio" ? "radiogroup" : "group", "aria-label": label, id: name }, rows);
  const values = () => inputs.filter((input) => input.checked).map((input) => input.value);
  const required = type !== CHECKBOX && (component.required ?? true);
  const least = required ? Math.max(1, component.min_values ?? 1) : 0;
  const most = component.max_values ?? options.length;
  const answers = { [RADIO_GROUP]: () => ({ value: values()[0] ?? null }), [CHECKBOX_GROUP]: () => ({ values: values() }), [CHECKBOX]: () => ({ value: values().length > 0 }) };
  return {
    element: control,
    control,
    required,
    isGroup: true,
    focus: () => inputs[0].focus(),
    problem: () => (values().length < least ? `Choose at least ${least}.` : values().length > most ? `Choose at most ${most}.` : ""),
    answer: () => ({ type, custom_id: customId, ...answers[type]() }),
  };
}
