"""A page in the browser, used as a person would: by mouse, keyboard and visible text."""

import base64
import json
import os
import time
from pathlib import Path

from .devtools import DevTools, ProtocolError
from .programs import PATIENCE, ROOT

ARTIFACTS = ROOT / ".build" / "artifacts" / "console"

# The console's files are embedded in the program. During development they can be served from a folder instead:
# XQUEUE_CONSOLE_FILES=Sources/XQueueServer/Console/Web
FILES = os.environ.get("XQUEUE_CONSOLE_FILES")
MEDIA_TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}

# Runs before the page's own scripts: logs content policy violations and counts WebSocket messages.
PRELUDE = """
addEventListener("securitypolicyviolation", (event) => {
  console.error(`policy: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`);
});
window.socketMessages = 0;
window.firstMessage = window.lastMessage = 0;
window.WebSocket = class extends WebSocket {
  constructor(...rest) {
    super(...rest);
    this.addEventListener("message", () => {
      window.socketMessages += 1;
      window.lastMessage = performance.now();
      window.firstMessage ||= window.lastMessage;
    });
  }
};
"""

KEYS = {
    "Tab": ("Tab", 9, ""), "Enter": ("Enter", 13, "\r"), "Escape": ("Escape", 27, ""), " ": ("Space", 32, " "),
    "ArrowDown": ("ArrowDown", 40, ""), "ArrowUp": ("ArrowUp", 38, ""),
}
SHIFT, CONTROL = 8, 2


class Page:
    """A page; its errors and warnings are recorded in `problems`."""

    def __init__(self, case, language="en-US", size=(1280, 800), scheme="light", is_phone=False, prelude=""):
        self.problems = []
        self.devtools = DevTools.shared()
        context, _, self.session = self.devtools.open(self._notice)
        case.addCleanup(self.devtools.dispose, context, self.session)
        for domain in ("Page", "Runtime", "Log", "Network", "Audits"):
            self.call(f"{domain}.enable")
        agent = self.devtools.call("Browser.getVersion")["userAgent"]
        self.call("Emulation.setUserAgentOverride", userAgent=agent, acceptLanguage=language)
        self.call("Emulation.setFocusEmulationEnabled", enabled=True)
        self.call("Page.addScriptToEvaluateOnNewDocument", source=PRELUDE + prelude)
        if FILES:
            self.call("Fetch.enable", patterns=[{"urlPattern": "*/console/*"}])
        self.look(size, scheme, is_phone)

    def look(self, size=(1280, 800), scheme="light", is_phone=False):
        """Sets the window size and the system's color scheme."""
        self.size = size
        self.call(
            "Emulation.setDeviceMetricsOverride", width=size[0], height=size[1],
            deviceScaleFactor=2 if is_phone else 1, mobile=is_phone)
        self.call("Emulation.setTouchEmulationEnabled", enabled=is_phone)
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def call(self, method, **params):
        return self.devtools.call(method, self.session, **params)

    def _serve(self, request, url):
        """Replies with a file from the folder."""
        path = Path(ROOT, FILES, url.rsplit("/", 1)[-1])
        self.devtools.send(
            "Fetch.fulfillRequest", self.session, requestId=request, responseCode=200,
            responseHeaders=[{"name": "Content-Type", "value": MEDIA_TYPES[path.suffix]}],
            body=base64.b64encode(path.read_bytes()).decode())

    def _notice(self, method, params):
        if method == "Fetch.requestPaused":
            self._serve(params["requestId"], params["request"]["url"])
        elif method == "Runtime.exceptionThrown":
            details = params["exceptionDetails"]
            said = details.get("exception", {}).get("description", "")
            self.problems.append(f"exception: {details['text']} {said}")
        elif method == "Runtime.consoleAPICalled" and params["type"] in ("error", "warning", "assert"):
            words = " ".join(str(part.get("value", part.get("description", ""))) for part in params["args"])
            self.problems.append(f"console: {words}")
        elif method == "Log.entryAdded" and params["entry"]["level"] in ("error", "warning"):
            entry = params["entry"]
            self.problems.append(f"{entry['source']}: {entry['text']} {entry.get('url', '')}")
        elif method == "Audits.issueAdded":
            self.problems.append(f"issue: {params['issue']['code']} {json.dumps(params['issue']['details'])[:500]}")

    # Reading

    def open(self, address):
        self.call("Page.navigate", url=address)
        self.wait_until("document.readyState === 'complete'", f"{address} is loaded")

    def evaluate(self, expression):
        """Returns the value of an expression, awaiting promises."""
        reply = self.call(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True, userGesture=True)
        if "exceptionDetails" in reply:
            details = reply["exceptionDetails"]
            raise AssertionError(f"{expression}: {details.get('exception', {}).get('description', details['text'])}")
        return reply["result"].get("value")

    def wait_until(self, expression, what=None, seconds=PATIENCE):
        """Waits until the expression is truthy, and returns its value."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                if answer := self.evaluate(expression):
                    return answer
            except ProtocolError:
                pass  # The page is navigating.
            if time.monotonic() > deadline:
                shown = self.evaluate("document.body?.innerText.slice(0, 3000)")
                raise AssertionError(
                    f"timed out after {seconds} s: {what or expression}\nproblems: {self.problems}\nthe page:\n{shown}")
            time.sleep(0.05)

    def text(self, selector):
        """Returns the visible text of the first match; empty if there is none."""
        return self.evaluate(f"document.querySelector({json.dumps(selector)})?.innerText ?? ''")

    def wait_for_text(self, selector, text):
        return self.wait_until(
            f"[...document.querySelectorAll({json.dumps(selector)})]"
            f".some((node) => node.innerText.includes({json.dumps(text)}))",
            f"{selector} shows {text!r}")

    def count(self, selector):
        return self.evaluate(f"document.querySelectorAll({json.dumps(selector)}).length")

    def screenshot(self, name):
        """Saves a screenshot of the whole page."""
        ARTIFACTS.mkdir(parents=True, exist_ok=True)
        size = self.call("Page.getLayoutMetrics")["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": size["width"], "height": min(size["height"], 4000), "scale": 1}
        picture = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=True, clip=clip)
        path = ARTIFACTS / f"{name}.png"
        path.write_bytes(base64.b64decode(picture["data"]))
        return path

    # Acting

    def click(self, selector, text=None):
        """Clicks the middle of the first visible match, once it exists and is enabled."""
        wanted = "true" if text is None else f"node.innerText.includes({json.dumps(text)})"
        place = self.wait_until(
            f"""(() => {{
              const node = [...document.querySelectorAll({json.dumps(selector)})].find((node) =>
                node.checkVisibility() && !node.disabled && {wanted});
              if (!node) return null;
              node.scrollIntoView({{ block: "center", behavior: "instant" }});
              const box = node.getBoundingClientRect();
              const x = box.x + box.width / 2, y = box.y + box.height / 2;
              const top = document.elementFromPoint(x, y);
              return node.contains(top) || top?.contains(node) ? {{ x, y }} : null;
            }})()""",
            f"{selector} {text or ''} can be clicked")
        for kind in ("mouseMoved", "mousePressed", "mouseReleased"):
            self.call(
                "Input.dispatchMouseEvent", type=kind, x=place["x"], y=place["y"],
                button="none" if kind == "mouseMoved" else "left", clickCount=0 if kind == "mouseMoved" else 1)

    def type(self, text):
        """Types into the focused element."""
        self.call("Input.insertText", text=text)

    def fill(self, selector, text):
        """Clicks a field and replaces its content."""
        self.click(selector)
        self.press("a", CONTROL)
        self.type(text) if text else self.press("Delete")

    def choose(self, selector, value):
        """Selects an option by script, since the browser draws the list outside the page."""
        self.evaluate(
            f"""(() => {{
              const node = document.querySelector({json.dumps(selector)});
              node.value = {json.dumps(value)};
              node.dispatchEvent(new Event("change", {{ bubbles: true }}));
            }})()""")

    def press(self, key, modifiers=0):
        name, code, text = KEYS.get(key, (key, ord(key.upper()) if len(key) == 1 else 46, ""))
        shared = {"key": key, "code": name, "windowsVirtualKeyCode": code, "modifiers": modifiers}
        if key == "a" and modifiers == CONTROL:
            shared |= {"code": "KeyA", "commands": ["selectAll"]}
        self.call("Input.dispatchKeyEvent", type="keyDown" if text else "rawKeyDown", text=text, **shared)
        self.call("Input.dispatchKeyEvent", type="keyUp", **{k: v for k, v in shared.items() if k != "commands"})
