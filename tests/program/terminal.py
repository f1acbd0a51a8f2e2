"""A syslab prompt in a pseudo-terminal, for the tests beside this file."""

import os
import re
import sys
import tempfile
import time

try:
    import pexpect
except ImportError:
    print("python3-pexpect is not installed")
    sys.exit(77)

PROGRAM = os.environ.get("SYSLAB_PROGRAM") or sys.exit(77)
PROMPT = "lab> "
ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[=>]|\r")


class Terminal:
    """One session. `ask` types a line and returns what was printed until the next prompt."""

    def __init__(self, args=("--no-init", "-q"), home=None, prompt=PROMPT, **variables):
        self.home = home or tempfile.mkdtemp(prefix="syslab-test-")
        env = dict(os.environ, HOME=self.home, XDG_STATE_HOME=self.home + "/state",
                   XDG_CONFIG_HOME=self.home + "/config", TERM="xterm", LANG="C.UTF-8", INPUTRC="/dev/null")
        for name in ("NO_COLOR", "CLICOLOR_FORCE", "FORCE_COLOR", "SYSLAB_HISTORY"):
            env.pop(name, None)
        env["ASAN_OPTIONS"] = env.get("ASAN_OPTIONS", "") + ":handle_segv=0"  # with sanitizers a crash is one, too
        env.update(variables)
        self.process = pexpect.spawn(PROGRAM, list(args), env=env, cwd=self.home, dimensions=(50, 120), timeout=60,
                                     encoding="utf-8")
        self.process.delaybeforesend = None
        self.started = self.until_prompt(prompt)

    def until_prompt(self, prompt=PROMPT):
        self.process.expect_exact(prompt)
        self.raw = self.process.before
        return ESCAPE.sub("", self.raw)

    def ask(self, line, prompt=PROMPT):
        self.process.sendline(line)
        return self.until_prompt(prompt).split("\n", 1)[-1].strip()

    def begin(self, code):
        """Sends the code, and waits until it runs."""
        self.process.sendline("print('be' .. 'gun'); " + code)
        self.process.expect_exact("begun")

    def send(self, text):
        self.process.send(text)

    def interrupt(self):
        self.process.send("\x03")

    def live(self):
        """The process that holds the lab: the newest child of the session."""
        return self.children()[-1]

    def children(self):
        path = "/proc/%d/task/%d/children" % (self.process.pid, self.process.pid)
        with open(path) as file:
            return [int(word) for word in file.read().split()]

    def leave(self):
        self.process.sendeof()
        self.process.expect(pexpect.EOF)
        self.process.close()
        return self.process.exitstatus


def equal(got, wanted, what=""):
    if got != wanted:
        raise AssertionError("%s: got %r, wanted %r" % (what, got, wanted))


def contains(text, part):
    if part not in text:
        raise AssertionError("%r is not in %r" % (part, text))


def eventually(condition, seconds=60.0):
    end = time.time() + seconds
    while time.time() < end:
        if condition():
            return
        time.sleep(0.02)
    raise AssertionError("it did not come true within %g s" % seconds)


def gone(pid):
    try:
        with open("/proc/%d/stat" % pid) as file:
            return file.read().rsplit(")", 1)[1].split()[0] == "Z" and False
    except OSError:
        return True


def run(tests):
    """Runs every function whose name begins with test_ and exits."""
    failed = 0
    for name, test in sorted(tests.items()):
        if not name.startswith("test_"):
            continue
        try:
            test()
            print("ok   " + name)
        except Exception as error:  # the next test may still tell something
            failed += 1
            print("FAIL %s: %s: %s" % (name, type(error).__name__, str(error)[:2000]))
    sys.exit(1 if failed else 0)
