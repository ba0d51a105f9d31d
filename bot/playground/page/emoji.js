/** What stands for an emoji: the character, or the name of one that a server made itself. */
export function emojiText(emoji) {
  if (!emoji) return "";
  return emoji.id ? `:${emoji.name}:` : (emoji.name ?? "");
}
