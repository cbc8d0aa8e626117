/** The file of an icon, small enough for a command. */

/** Pixels of its longer side: more are not kept. */
const SIDE = 512;
/** Bytes that go as they are; in Base64 they fit into a request. */
const SMALL = 500_000;

/**
 * Returns a picture in Base64; a large one is reduced before. Fails for what is no picture.
 * @param {File} file
 * @returns {Promise<string>}
 */
export async function iconFile(file) {
  return inBase64(file.size <= SMALL ? file : await reduced(file));
}

// Internal

/** @param {File} file @returns {Promise<Blob>} */
async function reduced(file) {
  const picture = await createImageBitmap(file);
  const scale = Math.min(1, SIDE / Math.max(picture.width, picture.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(picture.width * scale));
  canvas.height = Math.max(1, Math.round(picture.height * scale));
  const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  pen.imageSmoothingQuality = "high";
  pen.drawImage(picture, 0, 0, canvas.width, canvas.height);
  picture.close();
  return new Promise((resolve, reject) =>
    canvas.toBlob(
      (blob) => (blob ? resolve(blob) : reject(new TypeError(file.name))),
      "image/webp",
    ),
  );
}

/** @param {Blob} blob @returns {Promise<string>} */
function inBase64(blob) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result).split(",")[1] ?? "");
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(blob);
  });
}
