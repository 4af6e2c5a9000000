// The past that the charts show, from an event stream of its own, so that what happens now never waits behind it.

import { FrameQueue } from "./frames.js";
import { WINDOW } from "./series.js";
import { EventStream } from "./stream.js";

/** Of the past at most this many events are fetched. */
const MOST = 20_000;
/** Less than this, in seconds, is not worth it: the store's own counts reach as far. */
const LEAST = 10;
/** After this long without an event there is none left, in milliseconds. */
const QUIET = 5000;

/** A cursor as its numbers: the time in milliseconds, and the event's number. */
const placeOf = (cursor) => cursor.split("-").map(Number);

function isAfter(one, other) {
  const [time, number] = placeOf(one);
  const [otherTime, otherNumber] = placeOf(other);
  return time !== otherTime ? time > otherTime : number > otherNumber;
}

/**
 * Adds to the series what happened before the cursor `until`, which was the end of the log at the time `end`, as far
 * back as is affordable by `rates`.
 */
export function fetchPast(series, rates, { until, end }) {
  const perSecond = rates.submitted + rates.started + rates.succeeded + rates.failed;
  const seconds = Math.min(WINDOW, MOST / Math.max(1, perSecond));
  if (seconds < LEAST) return;
  let span = null;
  let taken = 0;
  let timer = 0;

  function close() {
    clearTimeout(timer);
    stream.close();
    queue.clear();
  }

  /** All that happened before `until` is there: its second is told by this stream and the one that goes on. */
  function finish() {
    if (span) series.cover(span, end + 1000);
    close();
  }

  function wait() {
    clearTimeout(timer);
    timer = setTimeout(finish, QUIET);
  }

  function take(messages) {
    wait();
    for (const message of messages) {
      // What is older than the log is not known. The first event after it may be in the middle of a second.
      if (message.event === "hello" || message.event === "reset") span = series.beginCover(placeOf(message.cursor)[0]);
      if (message.event !== "status" && message.event !== "progress") continue;
      if (isAfter(message.cursor, until)) return finish();
      series.add(message);
      series.cover(span, Date.parse(message.timestamp));
      stream.cursor = message.cursor;
      taken += 1;
      if (taken >= MOST) return close();
    }
    return undefined;
  }

  const queue = new FrameQueue(take, close);
  const stream = new EventStream({ after: String(Math.floor(end - seconds * 1000)) }, {
    message: (text) => queue.push(text),
    // What is missing stays a gap.
    state: (state) => state === "lost" && close(),
  }).open();
}
