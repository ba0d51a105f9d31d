// What a channel shows at its beginning: where one is, and three commands to try.
import { el } from "./dom.js";

// Shown when the bot has registered them; otherwise its own first commands are.
const EXAMPLES = [
  { line: "/imagine-video prompt:a red circle moving right", makes: "words become a clip" },
  { line: "/loop prompt:a blue square rotating", makes: "the end meets the start" },
  { line: "/narrate story:A red circle moves right. Then it stops.", makes: "a story, spoken and captioned" },
];
const SHOWN = 3;

function examplesFor(commands) {
  const usable = commands.filter((command) => command.permitted);
  const known = EXAMPLES.filter(({ line }) => usable.some((command) => line.startsWith(`/${command.name} `)));
  const others = usable
    .filter((command) => !known.some(({ line }) => line.startsWith(`/${command.name} `)))
    .map((command) => ({ line: `/${command.name}`, makes: command.description }));
  return [...known, ...others].slice(0, SHOWN);
}

/** An element; `compact` once the channel has messages. */
export function welcome(room, { compact }) {
  if (room.channel.direct) return el("p", { class: "beginning" }, `This is the beginning of your conversation with ${room.channel.name}. Its buttons work here, its commands on a server.`);
  if (compact) return el("p", { class: "beginning" }, `This is the beginning of ${room.channel.parent_id ? "the thread “" + room.channel.name + "”" : "#" + room.channel.name}.`);
  const examples = examplesFor(room.commands);
  const buttons = examples.map(({ line, makes }) =>
    el("li", {}, el("button", { type: "button", class: "example", on: { click: () => room.fillComposer(line) } }, el("code", {}, line), el("span", {}, makes))),
  );
  const topic = room.channel.topic ? el("p", { class: "hint" }, room.channel.topic) : null;
  const lead = examples.length
    ? "Nobody has asked for anything here yet. Choose an example, look at it in the message box, and press Enter."
    : "The bot has registered no commands yet. They appear here as soon as it is connected.";
  return el(
    "section",
    { class: "welcome", "aria-label": "Welcome" },
    el("img", { src: "/static/reel.svg", alt: "", class: "welcome-reel" }),
    el("h2", {}, `Welcome to #${room.channel.name}`),
    topic,
    el("p", {}, lead),
    el("ul", { class: "examples" }, buttons),
    el("p", { class: "hint" }, "Or type ", el("kbd", {}, "/"), " to see every command."),
  );
}
