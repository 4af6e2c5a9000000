// Past events for the charts, from a separate event stream, so that they do not delay live events.

import { FrameQueue } from "./frames.js";
import { WINDOW } from "./series.js";
import { EventStream } from "./stream.js";

/** Maximum number of past events to fetch. */
const MAX_EVENTS = 20_000;
/** Minimum span worth fetching, in seconds: the store's own counts cover less. */
const MIN_SECONDS = 10;
/** After this time without an event there are none left, in milliseconds. */
const QUIET = 5000;

/**
 * Adds the events before the time `end` to the series, as far back as `rates` makes affordable.
 *
 * The live stream delivers what follows the cursor `until`, and collects its cursors in `seenCursors`. `done` is called
 * when they are no longer needed.
 */
export function fetchPast(series, rates, { until, end, seenCursors, done }) {
  const perSecond = rates.submitted + rates.started + rates.succeeded + rates.failed;
  const seconds = Math.min(WINDOW, MAX_EVENTS / Math.max(1, perSecond));
  if (seconds < MIN_SECONDS) return done();
  let span = null;
  /** The time up to which all events are known; initially, where the stream begins. */
  let reached = Math.floor(end - seconds * 1000);
  let taken = 0;
  let timer = 0;

  function close() {
    clearTimeout(timer);
    stream.close();
    queue.clear();
    done();
  }

  /** All events before `until` have arrived; together with the live stream they complete its second. */
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
      // Older events are no longer in the log, and the first one left may be in the middle of a second.
      if (message.event === "reset") span = null;
      if (message.event !== "status" && message.event !== "progress") continue;
      reached = Date.parse(message.timestamp);
      if (seenCursors.has(message.cursor) || reached > end) return finish();
      span ??= series.beginCover(reached);
      series.add(message);
      series.cover(span, reached);
      stream.cursor = message.cursor;
      taken += 1;
      if (message.cursor === until) return finish();
      if (taken >= MAX_EVENTS) return close();
    }
    return undefined;
  }

  const queue = new FrameQueue(take, close);
  const stream = new EventStream({ after: String(reached) }, {
    message: (text) => queue.push(text),
    // Missing events remain a gap.
    state: (state) => state === "lost" && close(),
  }).open();
  return undefined;
}
