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

/**
 * Adds to the series what happened before the time `end`, as far back as is affordable by `rates`.
 *
 * What follows the cursor `until` is told by the stream that goes on, which collects the cursors of its events in
 * `told`. `done` is called when they are needed no more.
 */
export function fetchPast(series, rates, { until, end, told, done }) {
  const perSecond = rates.submitted + rates.started + rates.succeeded + rates.failed;
  const seconds = Math.min(WINDOW, MOST / Math.max(1, perSecond));
  if (seconds < LEAST) return done();
  let span = null;
  /** The time up to which all is known, or from which the stream begins. */
  let reached = Math.floor(end - seconds * 1000);
  let taken = 0;
  let timer = 0;

  function close() {
    clearTimeout(timer);
    stream.close();
    queue.clear();
    done();
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
      if (message.event === "hello") span = series.beginCover(reached);
      // What is older than the log is not known. The first event after it may be in the middle of a second.
      if (message.event === "reset") span = null;
      if (message.event !== "status" && message.event !== "progress") continue;
      reached = Date.parse(message.timestamp);
      if (told.has(message.cursor) || reached > end) return finish();
      span ??= series.beginCover(reached);
      series.add(message);
      series.cover(span, reached);
      stream.cursor = message.cursor;
      taken += 1;
      if (message.cursor === until) return finish();
      if (taken >= MOST) return close();
    }
    return undefined;
  }

  const queue = new FrameQueue(take, close);
  const stream = new EventStream({ after: String(reached) }, {
    message: (text) => queue.push(text),
    // What is missing stays a gap.
    state: (state) => state === "lost" && close(),
  }).open();
  return undefined;
}
