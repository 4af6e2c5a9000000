// The server's clock, as far as its answers tell: the console counts and draws by it, so that a wrong
// clock on the reader's machine does not matter.

let low = -Infinity;
let high = Infinity;

/** Notes the `Date` of an answer that was asked for and came at these times of ours. */
export function noteDate(header, askedAt, cameAt) {
  const date = Date.parse(header ?? "");
  if (Number.isNaN(date)) return;
  const nextLow = Math.max(low, date - cameAt);
  const nextHigh = Math.min(high, date + 1000 - askedAt);
  if (nextLow <= nextHigh) {
    low = nextLow;
    high = nextHigh;
  } else {
    low = date - cameAt;
    high = date + 1000 - askedAt;
  }
}

/** How far the server's clock is ahead of ours, in milliseconds. */
function lead() {
  if (low > -Infinity && high < Infinity) {
    return low <= 0 && high >= 0 ? 0 : (low + high) / 2;
  }
  return 0;
}

/** The server's time in milliseconds. */
export function serverNow() {
  return Date.now() + lead();
}
