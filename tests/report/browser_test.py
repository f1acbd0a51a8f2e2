"""The report page in a real browser: no error, no request, everything drawn. Not run (77) where there is no Chromium.

Needs SYSLAB_PROGRAM.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

# Runs in the page after its own script: walks two messages on, hides a type, opens the table; then says what it sees.
PROBE = """
<script>
  for (const key of ["n", "n"]) document.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
  const put = document.querySelector('.types label.t2 input');
  put.checked = false;
  put.dispatchEvent(new Event("change"));
  const shown = [...document.querySelectorAll(".m")].filter((m) => getComputedStyle(m).display !== "none");
  const missing = [...document.querySelectorAll("[aria-label], h1, h2, caption, figcaption")].filter(
    (e) => !(e.getAttribute("aria-label") || e.textContent).trim());
  document.documentElement.dataset.probe = [
    "hash=" + location.hash, "shown=" + shown.length, "story=" + document.getElementById("story").textContent,
    "nameless=" + missing.length, "overflow=" + (document.documentElement.scrollWidth > innerWidth),
    "resources=" + performance.getEntriesByType("resource").length,
  ].join("; ");
</script>
"""


class Browser(unittest.TestCase):
    def open(self, *arguments, width=1200):
        program = [os.environ["SYSLAB_PROGRAM"], "run", "tests/report/page.lua", *arguments]
        text = subprocess.run(program, cwd=ROOT, stdout=subprocess.PIPE, check=True).stdout.decode("utf-8")
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "report.html")
            with open(path, "w", encoding="utf-8") as file:
                file.write(text.replace("</body>", PROBE + "</body>"))
            run = subprocess.run(
                [CHROMIUM, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
                 "--disable-background-networking", "--disable-component-update", "--disable-sync",
                 f"--user-data-dir={folder}/profile", "--enable-logging=stderr", "--virtual-time-budget=3000",
                 f"--window-size={width},1600", "--dump-dom", "file://" + path],
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=240)
        errors = [line for line in run.stderr.decode("utf-8", "replace").splitlines() if ":CONSOLE" in line]
        dom = run.stdout.decode("utf-8")
        probe = re.search(r'data-probe="([^"]*)"', dom)
        self.assertTrue(probe, "the page's scripts did not run to their end: " + "\n".join(errors))
        return dom, errors, dict(part.split("=", 1) for part in probe.group(1).split("; "))

    def test_everything_is_drawn_without_an_error_or_a_request(self):
        dom, errors, probe = self.open()
        self.assertEqual(errors, [])
        self.assertEqual(probe["resources"], "0")
        self.assertEqual(dom.count("<canvas"), 3)
        self.assertEqual(len(re.findall(r'<g class="m ', dom)), 60)
        self.assertEqual(probe["nameless"], "0")

    def test_messages_are_walked_by_keys_and_filtered_by_type(self):
        _, _, probe = self.open()
        self.assertEqual(probe["hash"], "#m-2")
        self.assertIn("#2 get: lb → app-1, sent 0.200000 s", probe["story"])
        self.assertEqual(probe["shown"], "40")

    def test_a_narrow_window_scrolls_inside_its_parts_only(self):
        _, errors, probe = self.open(width=500)
        self.assertEqual(errors, [])
        self.assertEqual(probe["overflow"], "false")


if __name__ == "__main__":
    if CHROMIUM is None:
        print("not run: there is no Chromium here")
        sys.exit(77)
    unittest.main()
