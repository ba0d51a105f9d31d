// Who somebody is, as a coloured disc with a letter; the application's is a reel.
import { el } from "./dom.js";
import { cssColor } from "./embeds.js";

const DARK_INK_ABOVE = 0.3;

function luminance(hex) {
  const linear = [1, 3, 5].map((at) => {
    const part = parseInt(hex.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
}

/** A decorative avatar of a user {username, global_name, color} or of the application. */
export function avatar(user, { isApplication = false } = {}) {
  if (isApplication) return el("span", { class: "avatar" }, el("img", { src: "/static/reel.svg", alt: "" }));
  const name = user.global_name ?? user.username ?? "?";
  const disc = el("span", { class: "avatar", "aria-hidden": "true" }, [...name][0].toUpperCase());
  const color = cssColor(user.color) ?? "#6a6f73";
  disc.style.setProperty("--disc", color);
  disc.style.setProperty("--disc-ink", luminance(color) > DARK_INK_ABOVE ? "#1b1b1b" : "#ffffff");
  return disc;
}
