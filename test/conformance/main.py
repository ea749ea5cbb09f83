"""Runs the tests of a folder and says how many passed. Arguments: the folder, names of test modules; all without."""

import logging
import pathlib
import sys
import time
import unittest


class Timed(unittest.TextTestResult):
    """Knows how long each test took (s)."""

    def startTest(self, test):
        self.began = time.monotonic()
        super().startTest(test)

    def stopTest(self, test):
        self.took = {**getattr(self, "took", {}), test.id(): time.monotonic() - self.began}
        super().stopTest(test)


folder = pathlib.Path(sys.argv[1])
sys.path.insert(0, str(folder))
logging.getLogger("asyncio").setLevel(logging.ERROR)
names = sys.argv[2:] or sorted(path.stem for path in folder.glob("test_*.py"))
suite = unittest.defaultTestLoader.loadTestsFromNames(names)
result = unittest.TextTestRunner(verbosity=2, resultclass=Timed).run(suite)
for name, seconds in sorted(getattr(result, "took", {}).items(), key=lambda one: -one[1])[:8]:
    if seconds > 5:
        print(f"{seconds:.0f} s: {name}")
failed = len(result.failures) + len(result.errors) + len(result.unexpectedSuccesses)
aside = len(result.skipped) + len(result.expectedFailures)
print(f"{result.testsRun - failed - aside} passed, {failed} failed", flush=True)
sys.exit(0 if failed == 0 and result.testsRun > 0 else 1)
