// Parses the API's messages about invalid fields, so that they can be translated.

/** The message after the field's name, and the suffix of the text key `rejected.…`. */
const reasons = [
  [/^is required/, "required"],
  [/^is given twice$/, "twice"],
  [/^is given (?<times>\d+) times$/, "times"],
  [/^must not be empty$/, "empty"],
  [/^must be a string$/, "text"],
  [/^must be a number$/, "number"],
  [/^must be a number of seconds$/, "number_of_seconds"],
  [/^must be an integer$/, "integer"],
  [/^must be true or false$/, "flag"],
  [/^must be an object$/, "object"],
  [/^must be an array$/, "array"],
  [/^must be an array of strings$/, "texts"],
  [/^must be one of (?<names>.+)$/, "one_of"],
  [/^must be (?<min>-?\d+) to (?<max>-?\d+)$/, "range"],
  [/^must be (?<min>[\d.]+) to (?<max>\d+) seconds$/, "seconds"],
  [/^must be (?<min>\d+) or more$/, "least"],
  [/^must be at most (?<max>\d+) bytes long$/, "bytes"],
  [/^must be (?<min>\d+) to (?<max>\d+) bytes long$/, "length"],
  [/^must be (?<min>\d+) to (?<max>\d+) letters, digits, /, "name"],
  [/^must not contain control characters$/, "controls"],
  [/^must not contain an unpaired surrogate$/, "surrogate"],
  [/^must be a version 7 UUID, or omitted$/, "uuid"],
  [/^is dated (?<time>\S+), more than a day ahead of the queue's clock \((?<now>\S+)\)/, "ahead"],
  [/^must be an RFC 3339 time, such as (?<example>\S+)$/, "time"],
  [/^must be at most (?<time>\d{4}-\S+)$/, "latest"],
  [/^cannot be combined with (?<other>\w+(?: "\w+")?)$/, "beside"],
  [/^must be at most (?<count>\d+) paths of (?<min>\d+) to (?<max>\d+) bytes$/, "paths"],
  [/^must be at least wait, and at most (?<max>\d+) seconds$/, "wait"],
  [/^must not have paths of more than (?<max>\d+) members$/, "deep"],
  [/^must have a key, or by$/, "keyless"],
  [/^must be "(?<value>\w+)" with (?<other>.+)$/, "only_with"],
  [/^can be "(?<value>\w+)" only until "done", without a window$/, "only_done"],
  [/^needs a token for all types$/, "across"],
  [/^must be `next` of a previous page$/, "next"],
  [/^is invalid: (?<why>.+)$/, "cron"],
  [/^"(?<text>.*)" is not a time zone of this machine; /, "zone"],
  [/^must be a whole number of seconds from (?<min>\d+) to (?<max>\d+)$/, "whole"],
];

/** The text key and values for an error about a field; null for any other error. */
export function rejection({ field, message }) {
  if (!field || !message.startsWith(`${field} `)) return null;
  const text = message.slice(field.length + 1);
  for (const [pattern, name] of reasons) {
    const found = pattern.exec(text);
    if (found) return { key: `rejected.${name}`, values: { field, ...found.groups } };
  }
  return null;
}
