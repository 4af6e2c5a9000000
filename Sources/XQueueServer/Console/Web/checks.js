// Checks of what the user entered in a form.

import { t } from "./i18n.js";

/** Types and schedules. */
export const NAME = /^[A-Za-z0-9._:-]{1,128}$/;

export const bytes = (text) => new TextEncoder().encode(text).length;

/** The error message for a number the user entered; null if it is valid. */
export function checkNumber(text, least, most, isWhole) {
  const value = Number(text);
  const isFine = Number.isFinite(value) && value >= least && value <= most &&
    (!isWhole || Number.isInteger(value));
  return isFine ? null : t(isWhole ? "invalid.integer" : "invalid.number", { min: least, max: most });
}

/** The error message for invalid JSON; null if it is valid. */
export function jsonError(text) {
  try {
    JSON.parse(text);
    return null;
  } catch (error) {
    const place = /line (\d+) column (\d+)/.exec(error.message);
    return place
      ? t("invalid.json.at", { line: Number(place[1]), column: Number(place[2]), message: error.message })
      : t("invalid.json", { message: error.message });
  }
}
