// Parses the API's messages about cron expressions, so that they can be translated.

/** The fields of an expression, and the suffixes of their text keys `cron.…`. */
const fields = {
  second: "second", minute: "minute", hour: "hour", "day of the month": "day", month: "month", "day of the week": "weekday",
};

/** The message after the field's name, and the suffix of its text key. */
const reasons = [
  [/^an expression must have at most (?<max>\d+) bytes$/, "bytes"],
  [/^an expression must be in ASCII$/, "ascii"],
  [/^an expression must have 5 fields, or 6 with seconds first, but this has (?<count>\d+)$/, "count"],
  [/^"(?<text>.*)"(?:, with the name \S+,)? never matches$/, "never"],
  [/^"(?<text>.*)" is not known; these are: (?<names>[^;]+)/, "macro"],
  [/^"(?<text>.*)" must stand alone$/, "alone"],
  [/^"(?<text>.*)" has an empty item$/, "empty"],
  [/^the step in "(?<text>.*)" must be a number from 1$/, "step"],
  [/^(?<value>\d+) is not from (?<min>\d+) to (?<max>\d+)$/, "range"],
  [/^the step in "(?<text>.*)" is larger than its range$/, "large"],
  [/^"(?<text>[^"]*)" is invalid(?:;|$)/, "invalid"],
];

/** `{field, key, values}`: the text keys of the field, null for the whole expression, and of the reason; null if unknown. */
export function cronRejection(message) {
  const mark = message.indexOf(": ");
  const name = mark < 0 ? undefined : fields[message.slice(0, mark)];
  const rest = name ? message.slice(mark + 2) : message;
  for (const [pattern, key] of reasons) {
    const found = pattern.exec(rest);
    if (found) return { field: name ? `cron.${name}` : null, key: `cron.${key}`, values: { ...found.groups } };
  }
  return null;
}
