// What an option accepts, in the words of the person who fills it in. Pure.
import { unquoted } from "./commands.js";

export const STRING = 3;
export const INTEGER = 4;
export const BOOLEAN = 5;
export const USER = 6;
export const CHANNEL = 7;
export const ROLE = 8;
export const MENTIONABLE = 9;
export const NUMBER = 10;
export const ATTACHMENT = 11;

const LONGEST_STRING = 6000;

/**
 * The fixed values of an option as [{name, value}], or null when it takes free input.
 * Members and channels are those that the room knows.
 */
export function fixedChoices(option, room) {
  if (option.choices?.length) return option.choices;
  const users = () => room.session.users.map((user) => ({ name: user.global_name ?? user.username, value: user.id }));
  const roles = () => (room.guild.roles ?? []).map((role) => ({ name: role.name, value: role.id }));
  if (option.type === BOOLEAN) return [{ name: "True", value: true }, { name: "False", value: false }];
  if (option.type === USER) return users();
  if (option.type === MENTIONABLE) return [...users(), ...roles()];
  if (option.type === ROLE && roles().length) return roles();
  if (option.type === CHANNEL) return room.guild.channels.map((channel) => ({ name: `#${channel.name}`, value: channel.id }));
  return null;
}

/** A sentence about what the option takes, shown while it is being filled in. */
export function describeLimits(option) {
  const { min_value: min, min_length: shortest, max_length: longest } = option;
  const max = option.max_value === Number.MAX_SAFE_INTEGER ? undefined : option.max_value;
  const kind = { [INTEGER]: "a whole number", [NUMBER]: "a number", [ATTACHMENT]: "a file" }[option.type];
  const size = range(min, max);
  const length = range(shortest || undefined, longest);
  if (kind) return [kind, size].filter(Boolean).join(" ");
  return length ? `${length} characters` : "";
}

function range(min, max) {
  if (min !== undefined && max !== undefined) return `from ${min} to ${max}`;
  if (min !== undefined) return `at least ${min}`;
  return max === undefined ? "" : `at most ${max}`;
}

/**
 * Read what was typed. Returns {value}, {error} or {} for an empty field.
 * `chosen` is the {name, value} picked from a list, if the text still shows it.
 */
export function interpret(option, text, chosen, choices) {
  const trimmed = text.trim();
  if (!trimmed) return option.required ? { error: `${option.name} is required.` } : {};
  if (chosen && chosen.name === text) return { value: chosen.value };
  if (choices) return oneOf(option, trimmed, choices);
  if (option.type === INTEGER || option.type === NUMBER) return numeric(option, trimmed);
  if (option.type === STRING) return worded(option, unquoted(trimmed));
  return /^\d{15,20}$/.test(trimmed) ? { value: trimmed } : { error: `${option.name} needs an id.` };
}

function oneOf(option, text, choices) {
  const wanted = text.toLowerCase();
  const found = choices.find(({ name, value }) => [name, String(value), name.replace(/^[#@]/, "")].some((one) => one.toLowerCase() === wanted.replace(/^@/, "")));
  if (found) return { value: found.value };
  return { error: `“${text}” is none of the values of ${option.name}.` };
}

function numeric(option, text) {
  const pattern = option.type === INTEGER ? /^[+-]?\d+$/ : /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
  if (!pattern.test(text)) return { error: `${option.name} takes ${describeLimits(option)}.` };
  const value = Number(text);
  const { min_value: min, max_value: max } = option;
  const exact = option.type === NUMBER || Number.isSafeInteger(value);
  if ((min !== undefined && value < min) || (max !== undefined && value > max) || !exact) {
    return { error: `${option.name} takes ${describeLimits(option)}${exact ? "" : ", with at most 15 digits"}.` };
  }
  return { value };
}

function worded(option, text) {
  const length = [...text].length;
  const longest = option.max_length ?? LONGEST_STRING;
  if (length > longest) return { error: `${option.name} has ${length} characters; at most ${longest} are allowed.` };
  if (length < (option.min_length ?? 0)) return { error: `${option.name} has ${length} characters; at least ${option.min_length} are needed.` };
  return { value: text };
}
