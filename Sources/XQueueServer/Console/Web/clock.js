// The queue's clock, as far as the server's answers tell: the console counts and draws by it, so that a wrong clock on
// the reader's machine does not matter. The store's clock dates everything; until `stats` has told it, the server's
// own has to do.

let low = -Infinity;
let high = Infinity;
let isStores = false;

/** Notes the `Date` of an answer that was asked for and came at these times of ours. */
export function noteDate(header, askedAt, cameAt) {
  const date = Date.parse(header ?? "");
  if (!isStores && !Number.isNaN(date)) note(date, askedAt, cameAt);
}

/** Notes the store's whole second in an answer that was asked for and came at these times of ours. */
export function noteSecond(second, askedAt, cameAt) {
  if (!isStores) [low, high] = [-Infinity, Infinity];
  isStores = true;
  note(second, askedAt, cameAt);
}

function note(second, askedAt, cameAt) {
  const nextLow = Math.max(low, second - cameAt);
  const nextHigh = Math.min(high, second + 1000 - askedAt);
  if (nextLow <= nextHigh) {
    low = nextLow;
    high = nextHigh;
  } else {
    low = second - cameAt;
    high = second + 1000 - askedAt;
  }
}

/** How far the queue's clock is ahead of ours, in milliseconds. */
function lead() {
  if (low > -Infinity && high < Infinity) {
    return low <= 0 && high >= 0 ? 0 : (low + high) / 2;
  }
  return 0;
}

/** The queue's time in milliseconds. */
export function serverNow() {
  return Date.now() + lead();
}
