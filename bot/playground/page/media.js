// Attachments and other media: video, pictures and sound inline, the rest as downloads.
import { el, icon } from "./dom.js";

const KIND_OF_SUFFIX = {
  mp4: "video", webm: "video", mov: "video", m4v: "video",
  png: "image", jpg: "image", jpeg: "image", gif: "image", webp: "image", avif: "image",
  mp3: "audio", wav: "audio", ogg: "audio", m4a: "audio", flac: "audio",
};

function kindOf(contentType, name) {
  const [major] = (contentType ?? "").split("/");
  if (["video", "image", "audio"].includes(major)) return major;
  return KIND_OF_SUFFIX[name.split(".").at(-1).toLowerCase()] ?? "file";
}

/** "1.4 MB": decimal units, as file managers show them. */
export function readableSize(bytes) {
  if (bytes < 1000) return `${bytes} B`;
  const units = ["kB", "MB", "GB"];
  let size = bytes;
  let unit = -1;
  while (size >= 1000 && unit < units.length - 1) {
    size /= 1000;
    unit += 1;
  }
  return `${size.toFixed(size < 10 ? 1 : 0)} ${units[unit]}`;
}

const LOOPBACK = ["127.0.0.1", "localhost"];

/**
 * The path of an address on the page's own server, or null: the page loads nothing from
 * elsewhere. The server may go by another loopback name than the one it was opened with.
 */
export function ownPath(address) {
  const url = URL.canParse(address, location.href) ? new URL(address, location.href) : null;
  const isOwn = url && (url.host === location.host || (LOOPBACK.includes(url.hostname) && LOOPBACK.includes(location.hostname) && url.port === location.port));
  return isOwn ? url.pathname + url.search : null;
}

/** An element for one attachment of a message. */
export function attachmentView(attachment) {
  const { filename, size, width, height, description } = attachment;
  const own = ownPath(attachment.url);
  const url = own ?? attachment.url;
  const kind = own ? kindOf(attachment.content_type, filename) : "file";
  const label = description || filename;
  if (kind === "file") return fileView(url, filename, size);
  const caption = el("figcaption", {}, el("a", { href: url, download: filename }, icon("download"), filename), ` ${readableSize(size)}`);
  return el("figure", { class: `media media-${kind}` }, mediaElement(kind, url, label, width, height), caption);
}

function mediaElement(kind, url, label, width, height) {
  if (kind === "video") return videoElement(url, label, width, height);
  if (kind === "audio") return el("audio", { src: url, controls: true, preload: "metadata", "aria-label": label });
  const image = el("img", { src: url, alt: label, width, height, loading: "lazy" });
  return el("a", { class: "picture", href: url, target: "_blank", rel: "noopener noreferrer" }, image);
}

// The stylesheet bounds width and height by the ratio, so that small clips are shown larger
// and the page does not jump when the clip loads.
function videoElement(url, label, width, height) {
  const video = el("video", { src: url, controls: true, loop: true, playsinline: true, preload: "metadata", width, height, "aria-label": label });
  const setRatio = (across, down) => across && down && video.style.setProperty("--ratio", across / down);
  setRatio(width, height);
  video.addEventListener("loadedmetadata", () => setRatio(video.videoWidth, video.videoHeight));
  return video;
}

/** A file that is not shown, with a link to save it. */
export function fileView(url, filename, size) {
  const link = el("a", { href: url, download: filename }, filename);
  const sized = Number.isFinite(size) ? el("span", { class: "file-size" }, readableSize(size)) : null;
  return el("div", { class: "file-card" }, icon("file"), el("span", { class: "file-name" }, link), sized);
}

/** Media named by address, in embeds and components; `attachment://` names one of the message. */
export function linkedMedia(media, attachments, description, className = "media") {
  const attachment = attachments.find((one) => media.url === `attachment://${one.filename}` || media.url === one.url);
  const address = attachment?.url ?? media.url;
  const url = ownPath(address);
  if (!url) return el("a", { href: /^https?:/.test(address) ? address : null, target: "_blank", rel: "noopener noreferrer" }, description || address);
  const name = decodeURIComponent(url.split("?")[0].split("/").at(-1));
  const kind = kindOf(attachment?.content_type ?? media.content_type, name);
  if (kind === "file") return fileView(url, name, attachment?.size);
  const width = attachment?.width ?? media.width;
  const height = attachment?.height ?? media.height;
  return el("figure", { class: `${className} media-${kind}` }, mediaElement(kind, url, description || name, width, height));
}

/** The attachments that embeds or components already show, by address. */
export function isShownElsewhere(attachment, message) {
  const places = (message.embeds ?? []).flatMap((embed) => [embed.image?.url, embed.thumbnail?.url, embed.video?.url]);
  return places.includes(attachment.url) || places.includes(`attachment://${attachment.filename}`);
}
