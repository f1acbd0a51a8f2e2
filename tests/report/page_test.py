"""The report page as a file: what it carries, that it asks for nothing, that its colours can be read.

Needs SYSLAB_PROGRAM. What a browser makes of it is tested beside, in browser_test.py.
"""

import hashlib
import os
import re
import subprocess
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))


def read(*parts):
    with open(os.path.join(ROOT, *parts), encoding="utf-8") as file:
        return file.read()


def page(*arguments):
    run = subprocess.run([os.environ["SYSLAB_PROGRAM"], "run", "tests/report/page.lua", *arguments], cwd=ROOT,
                         stdout=subprocess.PIPE, check=True)
    return run.stdout.decode("utf-8")


def luminance(color):
    channels = [int(color[i:i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


class Page(unittest.TestCase):
    def test_vendored_files_are_the_ones_that_were_checked(self):
        folder = os.path.join("lua", "vendor", "uplot-1.6.32")
        lines = read(folder, "SHA256SUMS").splitlines()
        self.assertEqual(len(lines), 3)
        for line in lines:
            digest, name = line.split()
            with open(os.path.join(ROOT, folder, name), "rb") as file:
                self.assertEqual(hashlib.sha256(file.read()).hexdigest(), digest, name)

    def test_it_is_whole_and_asks_the_network_for_nothing(self):
        text = page()
        self.assertIn("default-src 'none'", text)
        self.assertIn(read("lua", "vendor", "uplot-1.6.32", "uPlot.iife.min.js"), text)
        self.assertIn(read("lua", "report", "page.js"), text)
        without_library = text.replace(read("lua", "vendor", "uplot-1.6.32", "uPlot.iife.min.js"), "")
        self.assertNotRegex(without_library, r"https?:|//[a-z]+\.[a-z]|<link|\ssrc=|@import|url\((?!#)")

    def test_the_same_run_gives_the_same_bytes(self):
        self.assertEqual(page(), page())

    def test_a_large_run_stays_a_page_that_a_browser_can_show(self):
        text = page("50000")
        self.assertEqual(len(re.findall(r'<g class="m ', text)), 10000)
        self.assertIn("Showing 10 000 of 50 000 messages", text)
        self.assertLess(len(text), 4_000_000)

    def test_every_text_colour_has_a_contrast_of_four_and_a_half(self):
        css = read("lua", "report", "page.css")
        blocks = re.findall(r":root \{(.*?)\}", css, re.S)
        self.assertEqual(len(blocks), 3, "light, dark, print")
        for block in blocks:
            colors = {}
            for name, value in re.findall(r"--([\w-]+): (#[0-9a-f]+)", block):
                colors[name] = value if len(value) == 7 else "#" + "".join(2 * c for c in value[1:])
            for name in ("text", "muted", "blue", "red", "amber", "green", "purple", "teal", "pink"):
                for background in ("card", "page"):
                    ratio = contrast(colors[name], colors[background])
                    self.assertGreaterEqual(ratio, 4.5, f"{name} on {background}: {ratio:.2f} in {block[:60]}")


if __name__ == "__main__":
    if "SYSLAB_PROGRAM" not in os.environ:
        sys.exit("SYSLAB_PROGRAM is not set")
    unittest.main()
