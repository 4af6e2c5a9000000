// The event stream: a WebSocket that resumes where it was whenever it is lost.

import { eventsAddress } from "./api.js";

const FIRST_WAIT = 250;
const LONGEST_WAIT = 5000;
/** A connection must be made within this time. */
const CONNECT = 10000;
/** After this long without a word the other side is asked for one. */
const QUIET = 4000;
/** And after this long without an answer the connection counts as lost: what is shown may be out of date. */
const PATIENCE = 6000;

export class EventStream {
  /** The place after the last event that came. */
  cursor = null;
  /** `connecting`, `live` or `lost`. */
  state = "connecting";

  #parameters;
  #listener;
  #socket = null;
  #wait = FIRST_WAIT;
  #retry = 0;
  #watch = 0;
  #lastWord = -Infinity;
  #isClosed = false;
  #onWake = () => this.#hurry();
  #onOffline = () => this.#ask();

  /**
   * `listener` holds `message(text)`, called for every message, and `state(state, reason)`. Whoever takes the
   * messages says by setting `cursor` how far the events have been used.
   */
  constructor(parameters, listener) {
    this.#parameters = parameters;
    this.#listener = listener;
    addEventListener("online", this.#onWake);
    addEventListener("pageshow", this.#onWake);
    addEventListener("offline", this.#onOffline);
    document.addEventListener("visibilitychange", this.#onWake);
  }

  open() {
    this.#isClosed = false;
    this.#connect();
    return this;
  }

  close() {
    this.#isClosed = true;
    removeEventListener("online", this.#onWake);
    removeEventListener("pageshow", this.#onWake);
    removeEventListener("offline", this.#onOffline);
    document.removeEventListener("visibilitychange", this.#onWake);
    clearTimeout(this.#retry);
    // To a browser it is an error to close a connection that is still being made: that one is closed once it is.
    if (this.#socket?.readyState === WebSocket.CONNECTING) this.#socket.onopen = () => this.#drop();
    else this.#drop();
  }

  /** How long the server has said nothing, in milliseconds. */
  get silence() {
    return performance.now() - this.#lastWord;
  }

  /** Tries again now. */
  retryNow() {
    this.#wait = FIRST_WAIT;
    this.#connect();
  }

  /** A machine that wakes up, or is in another network now, may hold a connection that is none any more. */
  #hurry() {
    if (document.hidden) return;
    if (this.state === "lost") this.retryNow();
    else this.#ask();
  }

  #connect() {
    if (this.#isClosed) return;
    clearTimeout(this.#retry);
    this.#drop();
    const after = this.cursor ?? this.#parameters.after;
    const socket = new WebSocket(eventsAddress({ ...this.#parameters, after }));
    this.#socket = socket;
    this.#expect(CONNECT, () => this.#lose(""));
    socket.onmessage = ({ data }) => {
      if (this.state !== "live") {
        this.#wait = FIRST_WAIT;
        this.#setState("live");
      }
      this.#lastWord = performance.now();
      this.#listener.message(data);
    };
    socket.onopen = () => this.#expect(QUIET, () => this.#ask());
    socket.onclose = ({ reason }) => this.#lose(reason);
  }

  /** Looks, after `time`, whether anything came, and does `otherwise` if not; a half-open connection says nothing. */
  #expect(time, otherwise) {
    clearTimeout(this.#watch);
    const begun = performance.now();
    this.#watch = setTimeout(() => {
      if (this.#lastWord >= begun) this.#expect(QUIET, () => this.#ask());
      else otherwise();
    }, time);
  }

  /** The answer to this, whatever it says, shows that somebody is there. */
  #ask() {
    if (this.#socket?.readyState !== WebSocket.OPEN) return;
    this.#socket.send('{"action":"unsubscribe","id":"nothing"}');
    this.#expect(PATIENCE, () => this.#lose(""));
  }

  #lose(reason) {
    this.#drop();
    if (this.#isClosed) return;
    this.#setState("lost", reason);
    this.#retry = setTimeout(() => this.#connect(), this.#wait * (0.75 + Math.random() / 2));
    this.#wait = Math.min(LONGEST_WAIT, this.#wait * 1.7);
  }

  #drop() {
    clearTimeout(this.#watch);
    const socket = this.#socket;
    if (!socket) return;
    this.#socket = null;
    socket.onmessage = null;
    socket.onopen = null;
    socket.onclose = null;
    socket.close();
  }

  #setState(state, reason = "") {
    const old = this.state;
    this.state = state;
    if (old !== state) this.#listener.state(state, reason);
  }
}
