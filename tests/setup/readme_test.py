"""What README.md shows is what happens.

A block ```console holds commands (`$ syslab ...`) or lines typed at the prompt (`lab> ...`, continued by `...> `), each
with its output below it. Both are run here and must print exactly that. In a block ```sh every `./syslab` command must
be one that the launcher or the program has.
"""

import os
import re
import subprocess
import sys
import unittest

PROGRAM = os.environ["SYSLAB_PROGRAM"]
ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
LAUNCHER_COMMANDS = {"test", "bench", "build"}


def blocks(kind):
    with open(os.path.join(ROOT, "README.md"), encoding="utf-8") as file:
        return re.findall(rf"^```{kind}\n(.*?)^```$", file.read(), re.M | re.S)


def run(arguments, text=""):
    # Pictures are drawn for the terminal of a reader, whatever the test's own is.
    terminal = dict(os.environ, LC_ALL="C.UTF-8")
    terminal.pop("COLUMNS", None)
    done = subprocess.run(arguments, input=text, capture_output=True, text=True, timeout=120, cwd=ROOT, check=False,
                          env=terminal)
    return done.stdout + done.stderr


class Readme(unittest.TestCase):
    maxDiff = None

    def test_commands_print_what_is_shown(self):
        environment = f"PATH={os.path.dirname(PROGRAM)}:$PATH; "
        for block in blocks("console"):
            for command, output in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", block, re.M):
                with self.subTest(command):
                    self.assertEqual(output, run(["bash", "-c", environment + command]))

    def test_lines_at_the_prompt_print_what_is_shown(self):
        for block in blocks("console"):
            if "lab> " in block:
                shown = [line for line in block.split("\n") if not re.match(r"lab> |\.\.\.> ", line)]
                self.assertEqual("\n".join(shown), run([PROGRAM, "-q"], "".join(
                    line[5:] + "\n" for line in block.split("\n") if re.match(r"lab> |\.\.\.> ", line))))

    def test_commands_exist(self):
        known = LAUNCHER_COMMANDS | set(re.findall(r"^  ([a-z]+) ", run([PROGRAM, "--help"]), re.M))
        for block in blocks("sh"):
            for command in re.findall(r"^\./syslab ([a-z]\S*)", block, re.M):
                self.assertIn(command, known)


if __name__ == "__main__":
    sys.exit(unittest.main())
