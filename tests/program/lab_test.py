"""A guided lab in a terminal: opening it, guessing, hints, checks, leaving and coming back; and without a terminal."""

import json
import os
import re
import shutil
import subprocess
import tempfile
import time

from terminal import PROGRAM, Terminal, contains, equal, pexpect, run


def open_lab(home=None, **variables):
    return Terminal(("lab", "--no-init", "quickstart"), home=home, **variables)


def progress_file(home):
    return home + "/state/syslab/progress.json"


def progress(home):
    with open(progress_file(home)) as file:
        return json.load(file)["labs"]["quickstart"]


def syslab(*args, home, code=0, **variables):
    env = dict(os.environ, HOME=home, XDG_STATE_HOME=home + "/state", XDG_CONFIG_HOME=home + "/config", LANG="C.UTF-8",
               **variables)
    done = subprocess.run([PROGRAM, *args], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120,
                          cwd=home, env=env)
    equal(done.returncode, code, " ".join(args) + "\n" + done.stdout + done.stderr)
    return done


def test_the_first_step_from_guess_to_next_and_back_another_day():
    lab = open_lab()
    contains(lab.started, "Quickstart")
    contains(lab.started, "1/8  A cache that forgets")
    contains(lab.started, 'c:put("a", 1)')
    contains(lab.ask(".check"), "there is no c yet")
    contains(lab.ask(".next"), "not checked yet")
    equal(lab.ask("1 + 1"), "2")  # it is the ordinary prompt

    asked = lab.ask(".go", prompt="your guess (a-c)> ")
    contains(asked, "Which one is gone at the end?")
    contains(asked, "b) b")
    contains(lab.ask("z", prompt="your guess (a-c)> "), "type a letter from a to c")
    ran = lab.ask("a")
    contains(ran, '│ c = lab.cache.lru{ capacity = 2 }')
    contains(ran, '{ "c", "a" }')

    contains(lab.ask(".hint"), "Hint 1 of 3")
    contains(lab.ask(".hint"), "Hint 2 of 3")
    contains(lab.ask(".hint"), "Hint 3 of 3")
    contains(lab.ask(".hint"), "no more hints")

    checked = lab.ask(".check")
    contains(checked, "✓ A cache that forgets")
    contains(checked, "You guessed: a. It came out as: b.")
    contains(lab.ask(".next"), "2/8  Why small caches work")
    equal(lab.leave(), 0)

    kept = progress(lab.home)
    equal(kept["at"], "popular_keys")
    equal(kept["steps"]["first_cache"], {"guess": "a", "hints": 3, "passed": True, "right": False})

    again = open_lab(home=lab.home)
    contains(again.started, "You are at step 2 of 8; 1 passed.")
    contains(again.started, "2/8  Why small caches work")
    contains(again.ask("c"), "Cache")  # the first step's code was run again
    contains(again.ask(".where"), "✓ 1  A cache that forgets")
    again.leave()


def test_hints_go_on_another_day():
    lab = open_lab()
    contains(lab.ask(".hint"), "Hint 1 of 3")
    contains(lab.ask(".hint"), "Hint 2 of 3")
    lab.leave()
    again = open_lab(home=lab.home)
    contains(again.ask(".where"), "(2 hints)")
    contains(again.ask(".hint"), "Hint 3 of 3")
    contains(again.ask(".hint"), "no more hints")
    contains(again.ask(".hint"), "Hint 1 of 3")
    equal(progress(lab.home)["steps"]["first_cache"]["hints"], 3)
    again.leave()


def test_options_before_or_after_the_lab():
    home = tempfile.mkdtemp(prefix="syslab-test-")
    for words in (("lab", "-q", "check", "quickstart"), ("lab", "check", "-q", "quickstart"),
                  ("lab", "check", "quickstart", "--color", "never", "-q")):
        contains(syslab(*words, home=home).stdout, "8 of 8 steps as they should be")
    contains(syslab("lab", "verify", "--seeds", "2", "echo", home=home).stdout, "on 2 seeds")
    contains(syslab("lab", "verify", "echo", "--seeds", "2", "--no-init", home=home).stdout, "on 2 seeds")
    lab = Terminal(("lab", "quickstart", "--no-init"))
    contains(lab.started, "1/8  A cache that forgets")
    lab.leave()


def test_a_fresh_lab_stays_open():
    lab = open_lab()
    lab.ask("mine = 1")
    contains(lab.ask(".reset"), "1/8  A cache that forgets")
    contains(lab.ask("mine == nil"), "true")
    contains(lab.ask(".hint"), "Hint 1 of 3")
    lab.leave()


def test_back_goes_to_before_the_run():
    lab = open_lab()
    lab.ask(".go", prompt="your guess (a-c)> ")
    contains(lab.ask("b"), '{ "c", "a" }')
    contains(lab.ask(".back"), "before `.go`")
    contains(lab.ask("c == nil"), "true")
    lab.leave()


def test_who_does_not_answer_a_question_runs_nothing():
    lab = open_lab()
    lab.ask(".go", prompt="your guess (a-c)> ")
    lab.interrupt()
    contains(lab.until_prompt(), "interrupted")
    contains(lab.ask("c == nil"), "true")
    lab.ask(".go", prompt="your guess (a-c)> ")
    lab.process.sendeof()
    contains(lab.until_prompt(), "nothing was run")
    contains(lab.ask("c == nil"), "true")
    lab.leave()


def test_colours_only_where_they_are_wanted():
    lab = open_lab(NO_COLOR="1")
    assert "\x1b[1m" not in lab.raw and "\x1b[2m" not in lab.raw
    lab.leave()
    lab = open_lab()
    contains(lab.raw, "\x1b[1m")
    lab.leave()


def test_a_broken_progress_file_is_told_and_set_aside():
    lab = open_lab()
    lab.ask(".skip")
    lab.leave()
    with open(progress_file(lab.home), "w") as file:
        file.write('{"labs": {"quick')
    again = open_lab(home=lab.home)
    contains(again.started, "the file was broken")
    contains(again.started, "1/8")
    assert os.path.exists(progress_file(lab.home) + ".broken")
    again.ask(".skip")
    equal(progress(lab.home)["at"], "popular_keys")
    again.leave()


def test_progress_moves_to_another_machine():
    lab = open_lab()
    lab.ask(".skip")
    lab.leave()
    other = tempfile.mkdtemp(prefix="syslab-test-")
    os.makedirs(other + "/state/syslab")
    shutil.copy(progress_file(lab.home), progress_file(other))
    contains(open_lab(home=other).started, "You are at step 2 of 8")


def test_a_place_that_cannot_be_written_is_told_once():
    home = tempfile.mkdtemp(prefix="syslab-test-")
    with open(home + "/state", "w"):
        pass  # a file where a folder should be
    lab = Terminal(("lab", "--no-init", "quickstart"), home=home)
    contains(lab.ask(".skip"), "nothing is kept")
    assert "nothing is kept" not in lab.ask(".skip")
    lab.leave()


def test_the_course_map_and_reset():
    home = tempfile.mkdtemp(prefix="syslab-test-")
    contains(syslab("lab", home=home).stdout, "Start: syslab lab quickstart")
    lab = open_lab(home=home)
    lab.ask(".skip")
    lab.leave()
    listed = syslab("lab", "list", home=home).stdout
    contains(listed, "0 of 8 steps")
    contains(listed, "· ├ echo ")  # below what it comes after
    contains(listed, "Go on: syslab lab quickstart")
    contains(syslab("lab", "reset", "quickstart", home=home).stdout, "forgotten")
    contains(syslab("lab", home=home).stdout, "Start: syslab lab quickstart")
    syslab("lab", "reset", home=home)


def test_without_a_terminal_the_lab_runs_by_itself():
    home = tempfile.mkdtemp(prefix="syslab-test-")
    done = syslab("lab", "quickstart", home=home)
    contains(done.stderr, "no terminal")
    checked = syslab("lab", "check", "quickstart", home=home)
    equal(done.stdout, checked.stdout)
    contains(checked.stdout, "quickstart: 8 of 8 steps as they should be, digest ")
    equal(checked.stderr, "")
    assert not os.path.exists(progress_file(home))  # it is nobody's progress


SOLUTIONS = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "labs", "echo")


def test_handing_in_from_the_starter_to_the_reference_solution():
    home = tempfile.mkdtemp(prefix="syslab-test-")
    contains(syslab("lab", "echo", home=home).stdout, "Begin: syslab lab start echo my_echo.lua")
    contains(syslab("lab", "start", "echo", "my_echo.lua", home=home).stdout, "syslab lab watch echo my_echo.lua")
    contains(syslab("lab", "start", "echo", "my_echo.lua", home=home, code=1).stderr, "File exists")
    first = syslab("lab", "check", "echo", "my_echo.lua", home=home, code=1).stdout
    contains(first, "the answer to echo: got \"?\"")
    contains(first, "at 0.000250 s of simulated time on node server; the last messages:")
    contains(first, "● here")
    contains(first, "seed 1; back to just before it:\n      syslab lab replay echo my_echo.lua echo 1")
    assert len(first.splitlines()) <= 40
    contains(syslab("lab", "solution", "echo", home=home, code=1).stderr, "part echo is open")
    shutil.copy(SOLUTIONS + "/wrong_memory_only.lua", home + "/my_echo.lua")
    hidden = syslab("lab", "check", "echo", "my_echo.lua", home=home, code=1).stdout
    contains(hidden, "70 of 100 points")
    contains(hidden, "(a hidden part: its check tells nothing)")
    assert "after 10 echoes" not in hidden
    contains(syslab("lab", home=home).stdout, "2 of 3 parts")
    shutil.copy(SOLUTIONS + "/solution.lua", home + "/my_echo.lua")
    contains(syslab("lab", "check", "echo", "my_echo.lua", home=home).stdout, "syslab lab solution echo")
    contains(syslab("lab", "solution", "echo", home=home).stdout, 'env:peek("count")')
    contains(syslab("lab", home=home).stdout, "A node that answers  (done)")
    syslab("lab", "reset", "echo", home=home)
    contains(syslab("lab", "solution", "echo", home=home, code=1).stderr, "part echo is open")


def test_back_to_the_moment_before_a_failure():
    home = tempfile.mkdtemp(prefix="syslab-test-")
    shutil.copy(SOLUTIONS + "/wrong_memory_only.lua", home + "/wrong.lua")
    there = syslab("lab", "replay", "echo", "wrong.lua", "crash", "1", home=home, code=1).stdout
    contains(there, "the count after 10 echoes and a crash: got 0, expected 10")
    contains(there, "`w` is the world at ")
    contains(syslab("lab", "replay", "echo", "wrong.lua", "count", "1", home=home).stdout, "nothing to go back to")
    with open(home + "/broken.lua", "w") as file:
        file.write("return nonsense.x")
    there = syslab("lab", "replay", "lru", "broken.lua", "keeps", "1", home=home, code=1).stdout
    contains(there, "when the file is loaded")
    lru = os.path.join(os.path.dirname(SOLUTIONS), "lru")
    for name, part, call in (("fifo", "order", 'object:get("f")'), ("slow", "fast", "object:put(2001, 1)")):
        there = syslab("lab", "replay", "lru", f"{lru}/wrong_{name}.lua", part, "1", home=home, code=1).stdout
        contains(there, f"The check's last call is `{call}`")
    contains(syslab("lab", "replay", "echo", "wrong.lua", "crush", "1", home=home, code=2).stderr, "'crash'?")
    lab = Terminal(("lab", "--no-init", "replay", "echo", SOLUTIONS + "/wrong_memory_only.lua", "crash", "1"))
    contains(lab.started, "`w` is the world at ")
    at = float(re.search(r"just before the moment of the failure, ([\d.]+) s on node server", lab.started).group(1))
    assert float(re.search(r"`w` is the world at ([\d.]+) s", lab.started).group(1)) < at
    assert at - float(lab.ask("w:now()")) < 1e-6
    assert "ok" not in lab.ask("w:messages{ last = 0.001 }")
    lab.ask("w:step()")  # it is the next that happens
    contains(lab.ask("w:messages{ last = 0.001 }"), "count ok")
    contains(lab.ask('w:find("server"):call{ type = "count" }'), "0")
    contains(lab.ask("w:messages{}"), "count")
    lab.leave()


def test_watching_a_file():
    home = tempfile.mkdtemp(prefix="syslab-test-")
    mine = home + "/mine.lua"
    shutil.copy(SOLUTIONS + "/wrong_never_counts.lua", mine)
    lab = Terminal(("lab", "watch", "echo", mine), home=home, prompt="Ctrl-C ends it)")
    contains(lab.started, "40 of 100 points")
    shutil.copy(SOLUTIONS + "/solution.lua", mine)
    contains(lab.until_prompt("Ctrl-C ends it)"), "100 of 100 points")
    # A save shows within a second; on a busy machine at least once in some tries.
    took = []
    while len(took) < 10 and (not took or took[-1] >= 1):
        time.sleep(0.3)
        began = time.monotonic()
        with open(mine, "a") as file:
            file.write("-- saved\n")
        contains(lab.until_prompt("Ctrl-C ends it)"), "100 of 100 points")
        took.append(time.monotonic() - began)
    assert took[-1] < 1, took
    os.rename(mine, mine + ".gone")  # as some editors save
    contains(lab.until_prompt("Ctrl-C ends it)"), "cannot read")
    os.rename(mine + ".gone", mine)
    contains(lab.until_prompt("Ctrl-C ends it)"), "100 of 100 points")
    lab.process.send("\x03")
    lab.process.expect(pexpect.EOF)


def test_every_lab_is_verified_by_ctest():
    folder = os.environ.get("SYSLAB_BUILD_DIR")
    if not folder:
        return
    with open(folder + "/tests/CTestTestfile.cmake") as file:
        tests = file.read()
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    for path, _, names in os.walk(root + "/labs"):
        if "lab.lua" in names:
            contains(tests, '"lab" "verify" "%s")' % os.path.relpath(path, root + "/labs"))


def test_mistakes_on_the_command_line():
    home = tempfile.mkdtemp(prefix="syslab-test-")
    contains(syslab("lab", "quikstart", home=home, code=2).stderr, "did you mean 'quickstart'?")
    contains(syslab("lab", "check", home=home, code=2).stderr, "usage:")
    contains(syslab("lab", "check", "nonsense", home=home, code=2).stderr, "no lab 'nonsense'")
    contains(syslab("lab", "watch", "quickstart", home=home, code=2).stderr, "usage:")
    contains(syslab("lab", "check", "quickstart", "x.lua", home=home, code=2).stderr, "nothing to hand in")
    contains(syslab("lab", "verify", "echo", "--seeds", "0", home=home, code=2).stderr, "usage:")


run(globals())
