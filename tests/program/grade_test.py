"""syslab grade: scores, formats, batches, hidden seeds, and what it says of itself."""

import base64
import csv
import ctypes
import io
import json
import os
import platform
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree

PROGRAM = os.environ.get("SYSLAB_PROGRAM") or sys.exit(77)
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SOLUTIONS = ROOT + "/tests/labs/echo/"
work = tempfile.mkdtemp(prefix="syslab-grade-")
names = ["solution", "wrong_memory_only", "wrong_never_counts", "wrong_endless"]
for name in names:
    shutil.copy(SOLUTIONS + name + ".lua", work)
with open(work + "/odd.lua", "w") as file:
    file.write('local node = ...\nfunction node.on_request() error("a <b> & \\"c\\" # d\\n=1+1\\27[0m") end\n')
with open(work + "/secret", "w") as file:
    file.write("correct horse battery staple\n")
everybody = ["solution.lua", "wrong_memory_only.lua", "wrong_never_counts.lua", "wrong_endless.lua", "odd.lua"]
SCORES = [100, 70, 40, 0, 0]


def grade(*args, code=0, lab="echo"):
    done = subprocess.run([PROGRAM, "grade", lab, *args], cwd=work, capture_output=True, text=True, timeout=300,
                          check=False)
    assert done.returncode == code, (args, done.returncode, done.stdout, done.stderr)
    return done.stderr if code else done.stdout


def lines(text):
    return [json.loads(line) for line in text.splitlines()]


def test_points_and_messages():
    results = lines(grade(*everybody, "--format", "json"))
    assert [r["score"] for r in results] == SCORES
    assert [r["submission"] for r in results] == everybody
    assert all(r["max_score"] == 100 and r["status"] == "graded" for r in results)
    part = results[1]["parts"][2]
    assert part["name"] == "crash" and part["status"] == "failed" and part["seed"] == 1 and part["hidden"] is True
    assert "after 10 echoes and a crash: got 0, expected 10" in part["message"]
    assert results[0]["isolation"] in ("process", "seccomp", "bubblewrap+seccomp")
    assert re.fullmatch("[0-9a-f]{64}", results[0]["sha256"]) and re.fullmatch("[0-9a-f]{64}", results[0]["lab_sha256"])


def test_the_text_for_one_and_for_a_class():
    one = grade("wrong_never_counts.lua")
    assert "✗ It counts the echoes                 0 of 30" in one
    assert "the count after 10 echoes: got 0, expected 10" in one and "(seed 1)" in one
    assert "echo, wrong_never_counts.lua: 40 of 100 points (isolation: " in one
    many = grade(*everybody)
    assert re.search(r"^wrong_memory_only\.lua +70 of 100  lost in crash$", many, re.M)
    assert "count: passed by 2 of 5" in many
    assert "echo: 5 submissions, 5 graded, mean 42.0 of 100 points" in many
    assert "\x1b" not in many


def test_a_hidden_part_tells_students_nothing():
    for form in ("text", "gradescope", "junit", "tap", "classroom"):
        text = grade("wrong_memory_only.lua", "--format", form)
        if form == "classroom":
            text = base64.b64decode(text).decode()
        assert "after 10 echoes" not in text and "hidden part" in text, form


def test_gradescope():
    result = json.loads(grade("wrong_never_counts.lua", "--format", "gradescope"))
    assert result["score"] == 40 == sum(test["score"] for test in result["tests"])
    assert sum(test["max_score"] for test in result["tests"]) == 100
    # Every field that Gradescope's specification has, with its type; no other.
    visible = ("visible", "hidden", "after_due_date", "after_published")
    forms = ("text", "html", "simple_format", "md", "ansi")
    number = lambda x: isinstance(x, (int, float)) and not isinstance(x, bool)
    text = lambda x: isinstance(x, str)
    of_test = {"score": number, "max_score": number, "status": ("passed", "failed").__contains__, "name": text,
               "name_format": forms.__contains__, "number": text, "output": text, "output_format": forms.__contains__,
               "tags": lambda x: isinstance(x, list) and all(map(text, x)), "visibility": visible.__contains__,
               "extra_data": lambda x: isinstance(x, dict)}
    of_all = {"score": number, "execution_time": number, "output": text, "output_format": forms.__contains__,
              "test_output_format": forms.__contains__, "test_name_format": forms.__contains__,
              "visibility": visible.__contains__, "stdout_visibility": visible.__contains__,
              "extra_data": lambda x: isinstance(x, dict), "tests": lambda x: isinstance(x, list),
              "leaderboard": lambda x: isinstance(x, list)}
    for key, value in result.items():
        assert of_all[key](value), (key, value)
    for test in result["tests"]:
        for key, value in test.items():
            assert of_test[key](value), (key, value)
        assert (test["status"] == "passed") == (test["score"] == test["max_score"])
    assert [test["visibility"] for test in result["tests"]] == ["visible", "visible", "after_published"]
    assert {"lab", "run", "sha256", "syslab", "isolation"} <= set(result["extra_data"])
    refused = json.loads(grade("absent.lua", "--format", "gradescope"))
    assert refused["score"] == 0 and "cannot read it" in refused["output"] and len(refused["tests"]) == 3
    assert "one submission at a time" in grade(*everybody, "--format", "gradescope", code=1)


def test_junit():
    root = ElementTree.fromstring(grade(*everybody, "--format", "junit"))
    assert root.tag == "testsuites" and root.get("tests") == "15"
    suites = root.findall("testsuite")
    assert [suite.get("name") for suite in suites] == everybody
    passed = [sum(case.find("failure") is None and case.find("error") is None for case in suite.findall("testcase"))
              for suite in suites]
    assert passed == [3, 2, 1, 0, 0]
    assert int(root.get("failures")) + int(root.get("errors")) == 9
    for suite in suites:
        assert int(suite.get("failures")) == len(suite.findall("testcase/failure"))
        assert int(suite.get("errors")) == len(suite.findall("testcase/error"))
        assert int(suite.get("tests")) == len(suite.findall("testcase"))
    assert 'a <b> & "c" # d' in suites[4].find("testcase/failure").text
    points = [case.find("properties/property[@name='score']").get("value") for case in suites[1].findall("testcase")]
    assert points == ["40", "30", "0"]


def test_junit_is_what_the_published_schema_allows():
    if not shutil.which("xmllint"):
        return
    evil = ROOT + "/tests/labs/hostile/submissions/output_labels.lua"
    for files in (everybody, [evil, "odd.lua"], ["absent.lua", "solution.lua"]):
        text = grade(*files, "--format", "junit").encode()
        subprocess.run(["xmllint", "--noout", "--schema", ROOT + "/tests/program/junit.xsd", "-"], input=text,
                       check=True, stderr=subprocess.DEVNULL)


def tap(text):
    """A strict reader of TAP 14: the test points of the top level, [(ok, number, description, yaml lines, points)]."""
    lines = text.splitlines()
    assert lines.pop(0) == "TAP version 14"

    def block(by):
        points, plan, inner = [], None, None
        while lines and lines[0].startswith(by):
            line = lines[0][len(by):]
            if line.startswith("    "):
                inner = block(by + "    ")
                continue
            lines.pop(0)
            point = re.fullmatch(r"(not )?ok (\d+) - ((?:[^#\\]|\\[#\\])*)", line)
            if re.fullmatch(r"1\.\.\d+", line):
                assert plan is None and not points
                plan = int(line[3:])
            elif point:
                points.append([not point[1], int(point[2]), point[3], [], inner])
                inner = None
            elif line == "  ---":
                while lines[0] != by + "  ...":
                    key, value = re.fullmatch(re.escape(by) + r"  (\w+): (.*)", lines.pop(0)).groups()
                    points[-1][3].append((key, json.loads(value) if value[0] in '"0123456789' else value))
                lines.pop(0)
            else:
                assert line.startswith("# Subtest: "), line
        assert plan == len(points) and [point[1] for point in points] == list(range(1, plan + 1))
        return points
    points = block("")
    assert not lines
    return points


def test_tap():
    one = tap(grade("wrong_never_counts.lua", "--format", "tap"))
    assert [(ok, text) for ok, _, text, _, _ in one] == [
        (True, "It answers with what it was sent"), (False, "It counts the echoes"),
        (False, "It remembers the count over a crash")]
    assert [dict(yaml)["score"] for _, _, _, yaml, _ in one] == [40, 0, 0]
    assert "got 0, expected 10" in dict(one[1][3])["message"]
    evil = ROOT + "/tests/labs/hostile/submissions/output_labels.lua"
    many = tap(grade(*everybody, evil, "--format", "tap"))
    assert [ok for ok, *_ in many] == [True, False, False, False, False, False]
    assert [sum(inner[0] for inner in inside) for *_, inside in many] == [3, 2, 1, 0, 0, 0]
    if shutil.which("prove"):
        # As Perl's harness reads it, which knows version 13: what is new in 14 is for it a comment.
        with open(work + "/one.tap", "w") as file:
            file.write(grade("solution.lua", "--format", "tap").replace("version 14", "version 13"))
        subprocess.run(["prove", "-e", "cat", work + "/one.tap"], check=True, capture_output=True)
    assert grade("solution.lua", "--format", "tap", lab="quickstart", code=1) is not None


def test_classroom():
    text = grade("wrong_memory_only.lua", "--format", "classroom")
    assert re.fullmatch(r"[A-Za-z0-9+/]+=*\n", text)
    result = json.loads(base64.b64decode(text, validate=False))
    assert result["version"] == 1 and result["status"] == "fail" and result["max_score"] == 100
    assert [(t["status"], t["score"]) for t in result["tests"]] == [("pass", 40), ("pass", 30), ("fail", 0)]
    for test in result["tests"]:
        assert set(test) == {"name", "status", "score", "message", "test_code", "filename", "line_no", "execution_time"}
        assert all(isinstance(test[key], str) for key in ("name", "status", "message", "test_code", "filename"))
        assert all(isinstance(test[key], (int, float)) for key in ("score", "line_no", "execution_time"))
    assert json.loads(base64.b64decode(grade("solution.lua", "--format", "classroom")))["status"] == "pass"
    assert json.loads(base64.b64decode(grade("absent.lua", "--format", "classroom")))["status"] == "error"


def test_grade_books():
    rows = list(csv.DictReader(io.StringIO(grade(*everybody, "--format", "csv"))))
    assert [(row["student_id"], row["score"], row["max_score"]) for row in rows] == [
        (name[:-4], str(score), "100") for name, score in zip(everybody, SCORES)]
    assert list(rows[0]) == ["assignment", "duedate", "timestamp", "student_id", "last_name", "first_name", "email",
                             "raw_score", "late_submission_penalty", "score", "max_score"]
    canvas = list(csv.reader(io.StringIO(grade(*everybody, "--format", "canvas"))))
    assert canvas[0] == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "echo"]
    assert canvas[1][0].strip() == "Points Possible" and canvas[1][5] == "100"
    # All files called alike: students go by their folders.
    for name in ("ann", "=bob"):
        os.makedirs(work + "/" + name, exist_ok=True)
        shutil.copy(SOLUTIONS + "solution.lua", work + "/" + name + "/submission.lua")
    rows = list(csv.DictReader(io.StringIO(grade("ann/submission.lua", "=bob/submission.lua", "--format", "csv"))))
    assert [row["student_id"] for row in rows] == ["ann", "'=bob"]


def test_the_same_bytes_whatever_the_jobs_and_shards():
    alone = grade(*everybody, "--format", "json")
    assert grade(*everybody, "--format", "json", "--jobs", "3") == alone
    shards = [lines(grade(*everybody, "--format", "json", "--shard", "%d/2" % i)) for i in (1, 2)]
    together = sorted(shards[0] + shards[1], key=lambda r: everybody.index(r["submission"]))
    assert together == lines(alone)
    assert [r["submission"] for r in shards[0]] == everybody[0::2]
    assert "should be I/N" in grade(*everybody, "--shard", "3/2", code=2)


def test_going_on_after_a_break():
    results = work + "/results.jsonl"
    whole = grade(*everybody, "--format", "json", "--results", results)
    with open(results) as file:
        assert file.read() == whole
    # Killed in the middle of the third line; and meanwhile somebody has handed in again.
    with open(results, "w") as file:
        file.write("".join(whole.splitlines(True)[:2]) + whole.splitlines()[2][:50])
    again = grade(*everybody, "--format", "json", "--results", results, "--resume")
    assert again == whole
    changed = lines(whole)
    changed[0]["score"] = 99  # to see that it is kept and not graded anew
    with open(results, "w") as file:
        file.write("".join(json.dumps(r) + "\n" for r in changed))
    assert lines(grade(*everybody, "--format", "json", "--results", results, "--resume"))[0]["score"] == 99
    # With other settings nothing of it holds.
    kept = grade(*everybody, "--format", "json", "--results", results, "--resume", "--limit", "9")
    assert lines(kept)[0]["score"] == 100
    assert "--results" in grade(*everybody, "--resume", code=2)


def test_hidden_seeds():
    fixed = lines(grade("solution.lua", "--format", "json"))[0]
    hidden = lines(grade("solution.lua", "--format", "json", "--secret", "secret", "--seeds", "4"))[0]
    assert [p["runs"] for p in fixed["parts"]] == [10, 10, 10] and fixed["hidden_seeds"] == 0
    assert [p["runs"] for p in hidden["parts"]] == [14, 14, 14] and hidden["hidden_seeds"] == 4
    assert fixed["run"] != hidden["run"]
    # Who is right on the known seeds only is found out, and is told no seed.
    with open(work + "/cheat.lua", "w") as file:
        file.write("local node = ...\nlocal n = 0\nfunction node.on_request(_, r) n = n + 1\n"
                   "  return math.random() < 0.9 and r.text or 'no' end\n")
    cheat = lines(grade("cheat.lua", "--format", "json", "--secret", "secret", "--seeds", "50"))[0]
    assert cheat["parts"][0]["status"] == "failed"
    assert lines(grade("cheat.lua", "--format", "json", "--secret", "secret", "--seeds", "50"))[0] == cheat
    with open(work + "/short", "w") as file:
        file.write("short")
    assert "at least 16 bytes" in grade("solution.lua", "--secret", "short", code=2)
    assert "--secret" in grade("solution.lua", "--seeds", "3", code=2)
    assert "correct horse" not in json.dumps(hidden)


def test_output_goes_to_a_file_whole_or_not_at_all():
    grade("solution.lua", "--format", "gradescope", "-o", "results.json")
    with open(work + "/results.json") as file:
        assert json.load(file)["score"] == 100
    assert "cannot write" in grade("solution.lua", "-o", "no/such/folder/x", code=1)


def test_odd_names_of_files():
    names = ["a\nsolution.lua  100 of 100.lua", "\x1b[2J\u202eb.lua", "c \xe9,\"'&<.lua", b"d\xff\xc2.lua",
             "=1+1.lua", "-o.lua"]
    os.makedirs(work + "/odd names", exist_ok=True)
    for name in names:
        shutil.copy(SOLUTIONS + "wrong_memory_only.lua", os.fsencode(work) + b"/odd names/" + os.fsencode(name))
    files = [os.path.join(b"odd names", os.fsencode(name)) for name in names]
    for form in ("text", "json", "junit", "tap", "csv", "canvas"):
        text = grade(*files, "--format", form)
        assert "\x1b" not in text and text.count("\n") >= len(names), form
        if form == "json":
            assert [r["score"] for r in lines(text)] == [70] * len(names)
        if form == "text":
            assert len(re.findall(r" 70 of 100  lost in crash$", text, re.M)) == len(names)
            assert "\u202e" not in text
        if form == "junit":
            assert len(ElementTree.fromstring(text).findall("testsuite")) == len(names)
        if form == "tap":
            assert len(tap(text)) == len(names)
        if form == "csv":
            assert [row["score"] for row in csv.DictReader(io.StringIO(text))] == ["70"] * len(names)


def test_mistakes():
    assert "did you mean 'echo'?" in grade("solution.lua", lab="ecko", code=2)
    assert "nothing to grade" in grade("solution.lua", lab="quickstart", code=1)
    refused = lines(grade("absent.lua", ".", "--format", "json"))
    assert [r["status"] for r in refused] == ["refused", "refused"] and refused[1]["message"] == "it is a folder"
    assert [p["score"] for r in refused for p in r["parts"]] == [0] * 6


def test_a_hundred_submissions_a_second_on_two_cores():
    if "SYSLAB_ASAN:BOOL=ON" in (open(os.environ["SYSLAB_BUILD_DIR"] + "/CMakeCache.txt").read()
                                 if os.environ.get("SYSLAB_BUILD_DIR") else ""):
        return
    os.makedirs(work + "/data/labs/target", exist_ok=True)
    if not os.path.exists(work + "/data/lua"):
        os.symlink(ROOT + "/lua", work + "/data/lua")
    shutil.copy(ROOT + "/tests/labs/hostile/lab.lua", work + "/data/labs/target/lab.lua")
    files = [ROOT + "/tests/labs/hostile/honest.lua"] * 200
    environment = dict(os.environ, SYSLAB_HOME=work + "/data")
    # On processor time, so that it is much the same on a busy machine: two cores have 2 seconds of it in a second.
    # bubblewrap does not reap what runs in it, so that nobody could tell what that took; it costs a start only.
    used = []
    while len(used) < 3 and (not used or used[-1] >= 200 * 0.020):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run([PROGRAM, "grade", "target", *files, "--jobs", "2", "--format", "json", "--isolation",
                               "seccomp"], cwd=work, env=environment, capture_output=True, text=True, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        assert [r["score"] for r in lines(done.stdout)] == [100] * 200
        used.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
        print("     200 submissions take %.2f s of processor time: %.0f a second on two cores" % (
            used[-1], 400 / used[-1]))
    assert used[-1] < 200 * 0.020, used


def test_isolation_is_stated():
    for level in ("process", "seccomp", "bubblewrap"):
        done = subprocess.run([PROGRAM, "grade", "echo", "solution.lua", "--format", "json", "--isolation", level],
                              cwd=work, capture_output=True, text=True, check=False)
        if done.returncode == 3:
            assert "cannot be isolated" in done.stderr
        else:
            got = json.loads(done.stdout)["isolation"]
            assert {"process": ("process", "seccomp"), "seccomp": ("seccomp",),
                    "bubblewrap": ("bubblewrap+seccomp",)}[level].count(got), (level, got)


def without_system_call_filters():
    """For preexec_fn: a kernel that has no seccomp, as far as this process and its children can tell."""
    class Filter(ctypes.Structure):
        _fields_ = [("code", ctypes.c_ushort), ("jt", ctypes.c_ubyte), ("jf", ctypes.c_ubyte), ("k", ctypes.c_uint)]

    class Program(ctypes.Structure):
        _fields_ = [("len", ctypes.c_ushort), ("filter", ctypes.POINTER(Filter))]
    load, equal, give = 0x20, 0x15, 0x06
    refuse, allow, set_seccomp = 0x00050000 | 22, 0x7FFF0000, 22
    rules = (Filter * 7)((load, 0, 0, 0), (equal, 3, 0, 317), (equal, 0, 3, 157), (load, 0, 0, 16),
                         (equal, 0, 1, set_seccomp), (give, 0, 0, refuse), (give, 0, 0, allow))
    libc = ctypes.CDLL(None, use_errno=True)
    assert libc.prctl(38, 1, 0, 0, 0) == 0
    assert libc.prctl(set_seccomp, 2, ctypes.byref(Program(len(rules), rules)), 0, 0) == 0


def test_isolation_where_the_system_offers_less():
    """What is not there is not claimed, and is not taken for granted where it is asked for."""
    def isolation(*args, prefix=(), **options):
        done = subprocess.run([*prefix, PROGRAM, "grade", "echo", "solution.lua", "--format", "json", *args], cwd=work,
                              capture_output=True, text=True, check=False, **options)
        if done.returncode == 3:
            return done.stderr
        [result] = lines(done.stdout)
        assert result["score"] == 100
        return result["isolation"]
    best = isolation()
    hide = ["unshare", *([] if os.geteuid() == 0 else ["-r"]), "-m", "sh", "-c",
            "for b in /usr/bin/bwrap /usr/local/bin/bwrap; do "
            "[ ! -e $b ] || mount --bind /dev/null $b || exit 1; done; "
            'exec "$@"', "sh"]
    can_hide = subprocess.run([*hide, "true"], capture_output=True, check=False).returncode == 0
    if can_hide:
        assert isolation(prefix=hide) == best.replace("bubblewrap+", "")
        assert "bubblewrap is not installed" in isolation("--isolation", "bubblewrap", prefix=hide)
    if platform.machine() == "x86_64" and "seccomp" in best:
        less = isolation(preexec_fn=without_system_call_filters)
        assert less == ("bubblewrap" if best.startswith("bubblewrap") else "process"), less
        for level in ("seccomp", "bubblewrap"):
            refused = isolation("--isolation", level, preexec_fn=without_system_call_filters)
            assert "no system call filter" in refused or "bubblewrap" in refused, refused
        if can_hide:
            assert isolation(prefix=hide, preexec_fn=without_system_call_filters) == "process"
    # Namespaces that an administrator has switched off.
    off = ["unshare", "-Ur", "sh", "-c", 'echo 0 >/proc/sys/user/max_user_namespaces && echo 0 '
           '>/proc/sys/user/max_mnt_namespaces && exec "$@"', "sh"]
    if subprocess.run([*off, "true"], capture_output=True, check=False).returncode == 0:
        assert isolation(prefix=off) in ("seccomp", "process")
        assert "namespaces are not allowed" in isolation("--isolation", "bubblewrap", prefix=off)


failed = 0
for name, test in sorted(globals().items()):
    if name.startswith("test_"):
        try:
            test()
            print("ok   " + name)
        except AssertionError as error:
            failed += 1
            print("FAIL %s: line %d: %s" % (name, error.__traceback__.tb_lineno, error))
shutil.rmtree(work)
sys.exit(1 if failed else 0)
