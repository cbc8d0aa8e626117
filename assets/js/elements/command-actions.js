/**
 * Slash commands: what is sent to a program instead of being posted, and what it answers. Loaded with
 * the first action that opens a dialog.
 */
import { errorText } from "../lib/errors.js";
import { t } from "../lib/i18n.js";
import { roomName } from "../lib/names.js";
import { commandOf } from "../state/completion.js";
import { lazy } from "./lazy.js";
import { textNodes } from "./message-text.js";

/** @import {Command} from "../state/completion.js" */
/** @import {ChatApp} from "./chat-app.js" */
/** @import {CommandAnswers} from "./command-answers.js" */
/** @import {DialogActions} from "./dialog-actions.js" */
/** @import {MessageComposer} from "./message-composer.js" */
/**
 * @typedef {{result: "ephemeral"|"in_channel"|"none"|"failed", content?: string, problem?: string,
 *   status?: number}} Outcome
 */

/** For so long the commands of a room are not asked for again. */
const KEPT_MS = 30_000;
const NOBODY = { me: "", knows: () => false };

/** @param {ChatApp} app @returns {DialogActions} */
export function commandActions(app) {
  const commands = new RoomCommands(app);
  return {
    "commands-need": async (found, id) => {
      // Without an answer nothing is completed.
      const list = await commands.of(id).catch(() => null);
      if (list) found(list);
    },
    "command-send": (sent, id) => send(app, commands, sent, id),
    "command-answer": async ({ room_id: id, command, content }) => {
      const answers = await answersOf(app.view.composer);
      answers.add({ place: id, command, content });
      const { rooms, route, me } = app.chat.store.state;
      if (route.roomId === id || !rooms[id]) return;
      const room = roomName(rooms[id], me?.userId ?? "") || t("rooms.alone");
      app.showToast(t("command.answeredIn", { command: `/${command}`, room }));
    },
  };
}

// Internal

/** The commands of rooms, as they were a moment ago. */
class RoomCommands {
  /** @type {Map<string, {at: number, list: Command[]}>} */
  #known = new Map();

  /** @param {ChatApp} app */
  constructor(app) {
    this.app = app;
  }

  /** @param {string} id @param {boolean} [again] whatever is known @returns {Promise<Command[]>} */
  async of(id, again = false) {
    const known = this.#known.get(id);
    if (known && !again && Date.now() - known.at < KEPT_MS) return known.list;
    const path = `api/chatrooms/${id}/commands`;
    const { commands } = await this.app.chat.client.ask("GET", path);
    this.#known.set(id, { at: Date.now(), list: commands });
    return commands;
  }

  /** @param {string} id @param {string} name */
  async has(id, name) {
    const isIt = (/** @type {Command} */ command) => command.name === name;
    return (await this.of(id)).some(isIt) || (await this.of(id, true)).some(isIt);
  }
}

/** Those of this composer, in it. @param {MessageComposer} composer @returns {Promise<CommandAnswers>} */
async function answersOf(composer) {
  await lazy("command-answers");
  if (composer.answers) return /** @type {CommandAnswers} */ (composer.answers);
  const made = /** @type {CommandAnswers} */ (document.createElement("command-answers"));
  made.composer = composer;
  made.nodes = (text) => textNodes(text, NOBODY);
  composer.answers = made;
  composer.prepend(made);
  return made;
}

/**
 * @param {ChatApp} app
 * @param {RoomCommands} commands
 * @param {{content: string, composer: MessageComposer, replyTo?: string}} sent
 * @param {string} id
 */
async function send(app, commands, { content, composer, replyTo }, id) {
  const { place } = composer;
  const { name, text } = commandOf(content);
  // Until it is known what it is, it stays in the field.
  const known = name !== "" && (await commands.has(id, name));
  const answers = await answersOf(composer);
  const unknown = () => answers.offer({ place, command: content.split(/\s/u)[0] });
  if (!known) return unknown();
  composer.clear(content);
  const waiting = answers.add({ place, command: name });
  const root = place.split("/")[1];
  const body = { command: name, text, replyTo: replyTo ?? root };
  try {
    /** @type {Outcome} */
    const outcome = await app.chat.client.ask("POST", `api/chatrooms/${id}/commands`, body);
    answers.replace(waiting, shownOf(outcome, { place, command: name }));
    if (outcome.result === "failed") composer.takeBack(content);
  } catch (error) {
    composer.takeBack(content);
    answers.replace(waiting, null);
    if (/** @type {any} */ (error).code === "command_not_found") return unknown();
    answers.add({ place, command: name, error: errorText(error) });
  }
}

/**
 * @param {Outcome} outcome
 * @param {{place: string, command: string}} of
 * @returns {import("./command-answers.js").Answer|null} null: there is nothing to show
 */
function shownOf({ result, content, problem, status = 0 }, of) {
  if (result === "ephemeral") return { ...of, content };
  if (result !== "failed") return null;
  return { ...of, error: t(`program.${problem}`, { status }) };
}
