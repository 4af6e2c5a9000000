// Identifiers, short enough for a row and long enough to tell one from the other.

/** How much of either end is shown. */
const END = 8;

/** An identifier with its middle left out. */
export function shortID(id) {
  return write(id, []);
}

/**
 * How to write each of `ids` so that they look different: both ends, and of the middle what tells those apart whose ends
 * are alike, as the tasks of one submitted file are.
 */
export function distinguish(ids) {
  const alike = new Map();
  for (const id of ids) {
    const group = alike.get(shortID(id));
    if (group) group.push(id);
    else alike.set(shortID(id), [id]);
  }
  const names = new Map();
  for (const group of alike.values()) {
    const parts = middle(group);
    for (const id of group) names.set(id, write(id, parts));
  }
  return names;
}

/** Where some of these identifiers differ, and a little before it; nowhere if they are the same. */
function middle([first, ...others]) {
  const places = [...first].map((_, index) => index).filter((index) => others.some((id) => id[index] !== first[index]));
  return places.length > 0 ? [[Math.max(0, places[0] - 3), places.at(-1) + 1]] : [];
}

/** Both ends of an identifier and these parts, with a mark where something is left out. */
function write(id, parts) {
  let text = "";
  let at = 0;
  for (const [from, to] of [[0, END], ...parts, [id.length - END, id.length]]) {
    const start = Math.max(at, from);
    // A mark is as wide as the one letter it would stand for.
    text += start > at + 1 ? `…${id.slice(start, to)}` : id.slice(at, to);
    at = Math.max(at, to);
  }
  return text;
}
