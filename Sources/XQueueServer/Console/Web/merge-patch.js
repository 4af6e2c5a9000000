// JSON merge patches (RFC 7396), made from raw JSON.

import { members, pretty } from "./json.js";

/** How deep the server merges objects. */
const MAX_DEPTH = 64;

const isObject = (text) => text.startsWith("{");

/** Whether two texts differ in nothing but their white space. */
const isSame = (one, other) => pretty(one) === pretty(other);

/** A merge patch cannot set a member to null: there, null removes the member. */
export class UnpatchableError extends Error {
  constructor(path) {
    super(path.join("."));
    /** The names that lead to the member. */
    this.path = path;
  }
}

/**
 * The patch that makes the object `to` of the value `from`, both as JSON text.
 *
 * Throws an `UnpatchableError` if there is none.
 */
export function mergePatch(from, to, path = []) {
  const old = new Map(isObject(from) ? members(from) : []);
  const next = new Map(members(to));
  const changes = [];
  for (const name of old.keys()) if (!next.has(name)) changes.push([name, "null"]);
  for (const [name, value] of next) {
    const present = old.get(name);
    if (present === undefined || !isSame(present, value)) {
      changes.push([name, change(present ?? "null", value, [...path, name])]);
    }
  }
  return `{${changes.map(([name, text]) => `${JSON.stringify(name)}:${text}`).join(",")}}`;
}

function change(from, to, path) {
  if (to === "null") throw new UnpatchableError(path);
  return isObject(to) && path.length < MAX_DEPTH ? mergePatch(from, to, path) : to;
}
