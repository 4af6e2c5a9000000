"""Base class of the console tests."""

import unittest

from .page import Page
from .programs import Folder, Server


class ConsoleCase(unittest.TestCase):
    """A test with its own server; fails if its pages log any problem."""

    flags = ()
    # The test's own token.
    token = None

    def setUp(self):
        self.pages = []
        self.addCleanup(self._check_pages)
        self.folder = Folder(self)
        self.server = Server(self.folder, *self.make_flags(), token=self.token)

    def make_flags(self):
        """Returns the server's flags; subclasses also start what the flags refer to."""
        return self.flags

    def open(self, path="", **options):
        """Opens the console at `#/PATH` and waits until it is connected."""
        page = Page(self, **options)
        self.pages.append(page)
        page.open(f"{self.server.address}#/{path}")
        self.wait_until_live(page)
        return page

    def wait_until_live(self, page):
        page.wait_until("document.querySelector('.pill')?.dataset.state === 'live'", "the stream is connected")

    def go(self, page, path):
        page.evaluate(f"location.hash = '#/{path}'; true")

    def expect(self, page, *beginnings):
        """Drops problems that a test caused on purpose."""
        page.problems = [
            problem for problem in page.problems if not any(word in problem for word in beginnings)]

    def confirm(self, page):
        page.click("dialog [data-answer='yes']")
        page.wait_until("!document.querySelector('dialog')", "the dialog closes")

    def _check_pages(self):
        problems = [problem for page in self.pages for problem in page.problems]
        self.assertEqual(problems, [], "the page logged problems")
