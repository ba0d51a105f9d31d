// Registered commands as things one can type. Pure: no page, no network.

const SUB_COMMAND = 1;
const SUB_COMMAND_GROUP = 2;
const CHAT_INPUT = 1;

/**
 * Every command that can be invoked, subcommands one by one, as
 * {id, root, path, name: "quota show", label, description, options, permitted}.
 * `options` has the required ones first; the order is the bot's. What is shown (label,
 * description, names of choices) is in the member's language where the bot says it in it.
 */
export function invocable(registered) {
  return registered
    .filter((command) => (command.type ?? CHAT_INPUT) === CHAT_INPUT)
    .flatMap((command) => expand(command, command, []));
}

function expand(command, node, path) {
  const options = node.options ?? [];
  const nested = options.filter((option) => option.type === SUB_COMMAND || option.type === SUB_COMMAND_GROUP);
  if (nested.length) return nested.flatMap((child) => expand(command, child, [...path, child]));
  const name = [command.name, ...path.map((step) => step.name)].join(" ");
  const label = [command, ...path].map((step) => step.name_localized ?? step.name).join(" ");
  const shown = options.map(localized);
  const required = shown.filter((option) => option.required);
  const optional = shown.filter((option) => !option.required);
  const { id, name: root, permitted = true } = command;
  return [{ id, root, path, name, label, description: describe(node), options: [...required, ...optional], permitted }];
}

const describe = (node) => node.description_localized ?? node.description;

function localized(option) {
  const choices = option.choices?.map((choice) => ({ name: choice.name_localized ?? choice.name, value: choice.value }));
  return { ...option, label: option.name_localized ?? option.name, description: describe(option), choices };
}

/** The interaction data of a command; `typed` is a list of {name, type, value, focused?}. */
export function interactionData(command, typed, attachments = {}) {
  const nest = (steps) => {
    if (!steps.length) return typed;
    const [{ name, type }, ...rest] = steps;
    return [{ name, type, options: nest(rest) }];
  };
  const data = { id: command.id, name: command.root, type: CHAT_INPUT, options: nest(command.path) };
  return Object.keys(attachments).length ? { ...data, attachments } : data;
}

/**
 * How well `text` answers a query whose letters must occur in order; higher is better, null
 * is no match. Beginnings of words count more than letters inside them.
 */
export function fuzzyScore(query, text) {
  const wanted = query.toLowerCase();
  const given = text.toLowerCase();
  if (!wanted) return 0;
  if (given.startsWith(wanted)) return 1000 - given.length;
  const at = given.indexOf(wanted);
  if (at >= 0) return 500 - at;
  let score = 100;
  let from = 0;
  for (const letter of wanted) {
    const found = given.indexOf(letter, from);
    if (found < 0) return null;
    score -= isWordStart(given, found) ? 0 : found - from + 1;
    from = found + 1;
  }
  return score;
}

function isWordStart(text, at) {
  return at === 0 || /[\s\-_]/.test(text[at - 1]);
}

/** Commands for what was typed after the slash, best first; forbidden ones come last. */
export function rankCommands(commands, query) {
  return commands
    .map((command) => ({ command, score: fuzzyScore(query, command.name) ?? fuzzyScore(query, command.label) ?? wordScore(query, command.description) }))
    .filter(({ score }) => score !== null)
    .sort((a, b) => b.command.permitted - a.command.permitted || b.score - a.score)
    .map(({ command }) => command);
}

// Words of the description help those who do not know the command's name.
function wordScore(query, description) {
  return query.length > 2 && description.toLowerCase().includes(query.toLowerCase()) ? -1000 : null;
}

/** The values or members for what was typed in a field, best first. */
export function rankChoices(choices, query) {
  return choices
    .map((choice) => ({ choice, score: fuzzyScore(query, choice.name) }))
    .filter(({ score }) => score !== null)
    .sort((a, b) => b.score - a.score)
    .map(({ choice }) => choice);
}

/**
 * Read "/name option:value option:value". Returns {command, values: [[name, text]...], rest}
 * where `rest` is text before the first option, or null when no command is named.
 */
export function parseLine(line, commands) {
  const text = line.replace(/^\s*\//, "").replace(/\s+/g, " ").trim();
  const command = commands
    .filter(({ name }) => text === name || text.startsWith(`${name} `))
    .sort((a, b) => b.name.length - a.name.length)[0];
  if (!command || !/^\s*\//.test(line)) return null;
  return { command, ...splitValues(text.slice(command.name.length), command.options) };
}

/** Cut " free words a:1 b:2" at the names of `options`. */
export function splitValues(text, options) {
  const names = options.map((option) => option.name).sort((a, b) => b.length - a.length);
  if (!names.length) return { values: [], rest: text.trim() };
  const pattern = new RegExp(`(?:^|\\s)(${names.map(escapePattern).join("|")}):`, "gu");
  const marks = outsideQuotes([...text.matchAll(pattern)], text);
  const values = marks.map((mark, index) => [mark[1], unquoted(text.slice(mark.index + mark[0].length, marks[index + 1]?.index))]);
  return { values, rest: text.slice(0, marks[0]?.index).trim() };
}

// A value in double quotes may contain what looks like an option.
function outsideQuotes(marks, text) {
  let closedAt = closingQuote(text, text.search(/\S/));
  return marks.filter((mark) => {
    if (mark.index < closedAt) return false;
    closedAt = closingQuote(text, mark.index + mark[0].length);
    return true;
  });
}

function closingQuote(text, start) {
  if (text[start] !== '"') return -1;
  const end = text.indexOf('"', start + 1);
  return end < 0 ? text.length : end;
}

/** Text without the double quotes around all of it. */
export function unquoted(text) {
  const trimmed = text.trim();
  const quoted = /^"([\s\S]*)"$/.exec(trimmed);
  return quoted ? quoted[1] : trimmed;
}

function escapePattern(text) {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
