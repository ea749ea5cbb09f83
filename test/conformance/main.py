"""Runs the tests beside this file and says how many passed. Arguments: names of test modules; all without."""

import logging
import pathlib
import sys
import unittest

here = pathlib.Path(__file__).parent
sys.path.insert(0, str(here))
logging.getLogger("asyncio").setLevel(logging.ERROR)
names = sys.argv[1:] or sorted(path.stem for path in here.glob("test_*.py"))
suite = unittest.defaultTestLoader.loadTestsFromNames(names)
result = unittest.TextTestRunner(verbosity=2).run(suite)
failed = len(result.failures) + len(result.errors)
print(f"{result.testsRun - failed - len(result.skipped)} passed, {failed} failed", flush=True)
sys.exit(0 if failed == 0 and result.testsRun > 0 else 1)
