"""docs/messaging.md names tests: they must be there."""

import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def read(*path):
    with open(os.path.join(ROOT, *path), encoding="utf-8") as file:
        return file.read()


def test_names():
    names = set()
    for folder, _, files in os.walk(os.path.join(ROOT, "tests")):
        for name in files:
            if name.endswith("_test.cpp"):
                names.update(re.findall(r'TEST_CASE\(\s*"([^"]*)"', read(folder, name)))
            elif name.endswith("_test.lua"):
                names.update(re.findall(r't\.test\("([^"]*)"', read(folder, name)))
    return names


rows = [line.split("|") for line in read("docs", "messaging.md").splitlines() if line.startswith("| ")]
promises = [(row[1].strip(), re.findall(r'"([^"]*)"', row[2])) for row in rows if row[1].strip() != "promise"]
known = test_names()
wrong = [f"'{promise}': no tests are named" for promise, tests in promises if not tests]
wrong += [f"'{promise}': there is no test \"{test}\"" for promise, tests in promises for test in tests
          if test not in known]
if len(promises) < 40:
    wrong.append(f"only {len(promises)} promises were found: has the page another form?")
print("\n".join(wrong) or f"{len(promises)} promises, all with tests")
sys.exit(1 if wrong else 0)
