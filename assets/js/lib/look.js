/** The colour and the icon that administrators have chosen for their server. */
import { showAccent } from "./accent.js";
import { set } from "./dom.js";

const ROOT = document.documentElement;
/** Pixels of the picture that becomes the icon of the page. */
const SIDE = 64;

/**
 * Shows them everywhere; what is not chosen is that of the product.
 * @param {{accent?: string, icon?: string}} server
 */
export function showLook({ accent = "", icon = "" }) {
  showAccent(accent);
  if (ROOT.dataset.icon === icon) return;
  set(ROOT, { "data-icon": icon || null });
  // Where it is used decides what a relative address would be relative to.
  if (icon) ROOT.style.setProperty("--icon", `url("${addressOf(icon, 96)}")`);
  else ROOT.style.removeProperty("--icon");
  const touch = document.querySelector("link[rel=apple-touch-icon]");
  if (touch)
    set(touch, { href: icon ? addressOf(icon, 180, "touch") : "icons/apple-touch-icon.png" });
  showFavicon();
}

/** Shows the icon of the page, with a dot while something is unread. */
export async function showFavicon() {
  const link = /** @type {HTMLElement|null} */ (document.querySelector("link[rel=icon]"));
  if (!link) return;
  const { icon } = ROOT.dataset;
  const unread = "unread" in link.dataset;
  if (!icon) {
    const href = unread ? "favicon-unread.svg" : "favicon.svg";
    return void set(link, { href, type: "image/svg+xml" });
  }
  const plain = addressOf(icon, SIDE);
  const href = unread ? await dotted(plain).catch(() => plain) : plain;
  // Another one may be wanted by now.
  if (ROOT.dataset.icon === icon && "unread" in link.dataset === unread)
    set(link, { href, type: "image/png" });
}

/**
 * @param {string} icon its tag
 * @param {number} size pixels
 * @param {"any"|"touch"} [purpose]
 */
export function addressOf(icon, size, purpose = "any") {
  const query = new URLSearchParams({ size: String(size), purpose, v: icon });
  return new URL(`api/server/icon?${query}`, document.baseURI).href;
}

// Internal

/** A picture with a dot in its corner. @param {string} src */
async function dotted(src) {
  const picture = new Image();
  picture.src = src;
  await picture.decode();
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = SIDE;
  const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  pen.drawImage(picture, 0, 0, SIDE, SIDE);
  const dot = (/** @type {number} */ radius) => {
    pen.beginPath();
    pen.arc(SIDE - 14, 14, radius, 0, 2 * Math.PI);
    pen.fill();
  };
  pen.globalCompositeOperation = "destination-out";
  dot(18);
  pen.globalCompositeOperation = "source-over";
  pen.fillStyle = "#d92d20";
  dot(14);
  return canvas.toDataURL();
}
