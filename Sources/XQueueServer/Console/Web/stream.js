// The event stream: a WebSocket that reconnects and resumes after a loss.

import { eventsAddress } from "./api.js";

const FIRST_WAIT = 250;
const LONGEST_WAIT = 5000;
/** Timeout for connecting, in milliseconds. */
const CONNECT_TIMEOUT = 10000;
/** After this time without a message, in milliseconds, the server is pinged. */
const QUIET = 4000;
/** After this time without a reply, in milliseconds, the connection counts as lost. */
const PING_TIMEOUT = 6000;

export class EventStream {
  /** The position after the last event processed. */
  cursor = null;
  /** `connecting`, `live` or `lost`. */
  state = "connecting";

  #parameters;
  #listener;
  #socket = null;
  #wait = FIRST_WAIT;
  #retry = 0;
  #watch = 0;
  #lastMessage = -Infinity;
  #isClosed = false;
  #onWake = () => this.#hurry();
  #onOffline = () => this.#ping();

  /**
   * `listener` holds `message(text)`, called for every message, and `state(state, reason)`. The consumer of the
   * messages must set `cursor` to the last event processed.
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
    // Browsers log an error when a socket is closed while connecting, so close it once it is open.
    if (this.#socket?.readyState === WebSocket.CONNECTING) this.#socket.onopen = () => this.#drop();
    else this.#drop();
  }

  /** Time since the last message, in milliseconds. */
  get silence() {
    return performance.now() - this.#lastMessage;
  }

  /** Reconnects now. */
  retryNow() {
    this.#wait = FIRST_WAIT;
    this.#connect();
  }

  /** Checks the connection, which may be dead after the machine woke up or changed networks. */
  #hurry() {
    if (document.hidden) return;
    if (this.state === "lost") this.retryNow();
    else this.#ping();
  }

  #connect() {
    if (this.#isClosed) return;
    clearTimeout(this.#retry);
    this.#drop();
    const after = this.cursor ?? this.#parameters.after;
    const socket = new WebSocket(eventsAddress({ ...this.#parameters, after }));
    this.#socket = socket;
    this.#expect(CONNECT_TIMEOUT, () => this.#lose(""));
    socket.onmessage = ({ data }) => {
      if (this.state !== "live") {
        this.#wait = FIRST_WAIT;
        this.#setState("live");
      }
      this.#lastMessage = performance.now();
      this.#listener.message(data);
    };
    socket.onopen = () => this.#expect(QUIET, () => this.#ping());
    socket.onclose = ({ reason }) => this.#lose(reason);
  }

  /** Calls `otherwise` if no message arrives within `time`; a half-open connection would go unnoticed. */
  #expect(time, otherwise) {
    clearTimeout(this.#watch);
    const begun = performance.now();
    this.#watch = setTimeout(() => {
      if (this.#lastMessage >= begun) this.#expect(QUIET, () => this.#ping());
      else otherwise();
    }, time);
  }

  /** Sends a message to which any reply shows that the server is alive. */
  #ping() {
    if (this.#socket?.readyState !== WebSocket.OPEN) return;
    this.#socket.send('{"action":"unsubscribe","id":"nothing"}');
    this.#expect(PING_TIMEOUT, () => this.#lose(""));
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
