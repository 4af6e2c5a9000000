// Raw JSON: payloads and results are shown, and resubmitted, exactly as they are. `JSON.parse` would round large
// numbers and drop duplicate names.

/** The index after the closing quote of the string that begins at `start`. */
function endOfString(text, start) {
  let index = start + 1;
  while (index < text.length && text[index] !== '"') index += text[index] === "\\" ? 2 : 1;
  return index + 1;
}

/** The members of the object in `text`, as pairs of name and raw text. */
export function* members(text) {
  let depth = 0;
  let start = -1;
  let name = null;
  for (let index = 0; index < text.length; index += 1) {
    const letter = text[index];
    if (letter === '"') {
      const end = endOfString(text, index);
      if (depth === 1 && start < 0) {
        name = JSON.parse(text.slice(index, end));
        index = text.indexOf(":", end);
        start = index + 1;
      } else {
        index = end - 1;
      }
    } else if (letter === "{" || letter === "[") {
      depth += 1;
    } else if (letter === "}" || letter === "]" || letter === ",") {
      const isEnd = depth === 1 && (letter !== "]");
      if (isEnd && start >= 0) {
        yield [name, text.slice(start, index).trim()];
        start = -1;
      }
      if (letter !== ",") depth -= 1;
    }
  }
}

/** The raw text of the member `name` of the object in `text`; null if there is none. */
export function rawMember(text, name) {
  for (const [each, value] of members(text)) if (each === name) return value;
  return null;
}

/** Formats JSON with one value per line, indented by two spaces per level. */
export function pretty(text) {
  const out = [];
  let depth = 0;
  const line = () => out.push("\n", "  ".repeat(depth));
  for (let index = 0; index < text.length; index += 1) {
    const letter = text[index];
    if (letter === '"') {
      const end = endOfString(text, index);
      out.push(text.slice(index, end));
      index = end - 1;
    } else if (letter === "{" || letter === "[") {
      out.push(letter);
      const next = /\S/g;
      next.lastIndex = index + 1;
      const close = next.exec(text);
      if (close && close[0] === (letter === "{" ? "}" : "]")) {
        out.push(close[0]);
        index = close.index;
      } else {
        depth += 1;
        line();
      }
    } else if (letter === "}" || letter === "]") {
      depth -= 1;
      line();
      out.push(letter);
    } else if (letter === ",") {
      out.push(letter);
      line();
    } else if (letter === ":") {
      out.push(": ");
    } else if (!/\s/.test(letter)) {
      out.push(letter);
    }
  }
  return out.join("");
}
