// Abbreviated IDs, short enough for a row and long enough to be distinct.

/** Number of characters shown at either end. */
const END = 8;

/** An ID with its middle omitted. */
export function shortID(id) {
  return write(id, []);
}

/**
 * Abbreviates `ids` so that they stay distinct: both ends, and for IDs whose ends are equal, as within one submitted
 * file, the part of the middle that differs.
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

/** The range in which these IDs differ, starting a little earlier; none if they are equal. */
function middle([first, ...others]) {
  const places = [...first].map((_, index) => index).filter((index) => others.some((id) => id[index] !== first[index]));
  return places.length > 0 ? [[Math.max(0, places[0] - 3), places.at(-1) + 1]] : [];
}

/** Both ends of an ID and these parts, with `…` where something is omitted. */
function write(id, parts) {
  let text = "";
  let at = 0;
  for (const [from, to] of [[0, END], ...parts, [id.length - END, id.length]]) {
    const start = Math.max(at, from);
    // Omitting a single character would save nothing.
    text += start > at + 1 ? `…${id.slice(start, to)}` : id.slice(at, to);
    at = Math.max(at, to);
  }
  return text;
}
