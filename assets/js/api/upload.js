/** Uploads one file and reports the progress, which fetch cannot do. */
import { plainName } from "../lib/media.js";
import { ApiError } from "../lib/errors.js";

/** @import {Media} from "../types.js" */

/**
 * @param {File} file
 * @param {(part: number) => void} [progress] 0 to 1
 * @param {AbortSignal} [signal] ends it
 * @returns {Promise<Media>}
 */
export function upload(file, progress, signal) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const name = plainName(file.name);
    request.open("POST", name ? `api/media?fileName=${encodeURIComponent(name)}` : "api/media");
    request.responseType = "json";
    request.setRequestHeader("Content-Type", file.type || "application/octet-stream");
    request.upload.addEventListener("progress", ({ loaded, total }) =>
      progress?.(total ? loaded / total : 1),
    );
    request.addEventListener("load", () => {
      const { status, response } = request;
      if (status === 201 && response) resolve(response);
      else
        reject(
          new ApiError(
            status,
            response?.error ?? (status === 413 ? "too_large" : "internal"),
            response?.message ?? request.statusText,
            response?.field,
          ),
        );
    });
    request.addEventListener("error", async () => {
      // A folder, or a file that has changed since it was chosen, fails like a lost connection.
      const readable = await file
        .slice(0, 1)
        .arrayBuffer()
        .then(
          () => true,
          () => false,
        );
      reject(
        readable
          ? new ApiError(0, "offline", "The server cannot be reached.")
          : new ApiError(0, "unreadable", "The file cannot be read."),
      );
    });
    request.addEventListener("abort", () =>
      reject(new ApiError(0, "aborted", "The upload was cancelled.")),
    );
    signal?.addEventListener("abort", () => request.abort(), { once: true });
    request.send(file);
  });
}
