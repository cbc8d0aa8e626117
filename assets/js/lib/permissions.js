/**
 * Who may do what in a room, by the rules of the server; hides buttons whose request would be
 * refused. Pure.
 */

/** @import {Participant, Room, User} from "../types.js" */

/**
 * @param {Room} room
 * @param {User} me
 */
function standing(room, me) {
  const mine = room.participants.find((person) => person.userId === me.userId);
  const managed = room.participants.some((person) => person.role === "admin");
  return {
    role: mine?.role,
    managed,
    free: Boolean(me.admin) || (Boolean(mine) && !managed && !me.guest),
    owner: room.ownerId === me.userId,
  };
}

/**
 * Rename the room, change its topic, add people: not in an archived room.
 * @param {Room} room
 * @param {User} me
 */
export function mayManage(room, me) {
  return !room.archived && ranks(room, me);
}

/**
 * Post, reply, edit and pin: in a read-only room only admins and sub-admins, in an archived one
 * nobody.
 * @param {Room} room
 * @param {User} me
 */
export function mayWrite(room, me) {
  return !room.archived && (!room.readOnly || ranks(room, me));
}

/**
 * Archive the room, change who can see it and who may post.
 * @param {Room} room
 * @param {User} me
 */
export function mayConfigure(room, me) {
  const { role, free } = standing(room, me);
  return free || role === "admin";
}

/**
 * @param {Room} room
 * @param {User} me
 */
export function mayDeleteRoom(room, me) {
  const { role, free, owner } = standing(room, me);
  return free || owner || role === "admin";
}

/**
 * @param {Room} room
 * @param {User} me
 */
export function mayChangeRoles(room, me) {
  return mayConfigure(room, me);
}

/**
 * @param {Room} room
 * @param {User} me
 * @param {Participant} person
 */
export function mayRemove(room, me, person) {
  const { role, free } = standing(room, me);
  return (
    free ||
    person.userId === me.userId ||
    role === "admin" ||
    (role === "sub-admin" && person.role === "member")
  );
}

/**
 * @param {Room} room
 * @param {User} me
 * @param {Participant} person
 */
export function mayName(room, me, person) {
  const { role } = standing(room, me);
  return Boolean(me.admin) || person.userId === me.userId || role === "admin";
}

/**
 * Delete messages of others.
 * @param {Room} room
 * @param {User} me
 */
export function mayModerate(room, me) {
  const { role } = standing(room, me);
  return Boolean(me.admin) || role === "admin" || role === "sub-admin";
}

// Internal

/** Counts as an admin or a sub-admin. @param {Room} room @param {User} me */
function ranks(room, me) {
  const { role, free } = standing(room, me);
  return free || role === "admin" || role === "sub-admin";
}
