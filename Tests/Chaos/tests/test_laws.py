"""Every law holds in a tidy history, and fails in one that was doctored against it."""

from __future__ import annotations

import shutil
import unittest

import checker.laws  # noqa: F401
from checker.history import History
from checker.law import LAWS
from tests.doctors import DOCTORS
from tests.story import tidy, with_a_kill


class LawTests(unittest.TestCase):
    def tearDown(self) -> None:
        for folder in self.folders:
            shutil.rmtree(folder, ignore_errors=True)

    def setUp(self) -> None:
        self.folders: list = []

    def found(self, law: str, history: History) -> list:
        self.folders.append(history.folder)
        return list(LAWS[law](history))

    def test_every_law_holds_in_a_tidy_history(self) -> None:
        for history in (tidy().history(), with_a_kill()):
            for law in LAWS:
                with self.subTest(law):
                    self.assertEqual(self.found(law, history), [])

    def test_every_law_fails_in_a_doctored_history(self) -> None:
        self.assertEqual(sorted(DOCTORS), sorted(LAWS), "a law that nothing breaks proves nothing")
        for law, doctors in DOCTORS.items():
            for doctor in doctors:
                with self.subTest(f"{law}: {doctor.__name__}"):
                    self.assertNotEqual(self.found(law, doctor()), [])

    def test_every_law_says_what_it_demands(self) -> None:
        for name, law in LAWS.items():
            self.assertTrue((law.__doc__ or "").strip(), name)


if __name__ == "__main__":
    unittest.main()
