// The queue's clock, estimated from the server's replies, so that a wrong clock on the user's machine does not matter.
// The store's clock dates everything; until it is known from `stats`, the server's clock serves instead.

let low = -Infinity;
let high = Infinity;
let isStores = false;

/** Notes the `Date` of a reply, with the local times of the request and the reply. */
export function noteDate(header, askedAt, cameAt) {
  const date = Date.parse(header ?? "");
  if (!isStores && !Number.isNaN(date)) note(date, askedAt, cameAt);
}

/** Notes the store's second in a reply, with the local times of the request and the reply. */
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

/** How far the queue's clock is ahead of the local one, in milliseconds. */
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
