"""syslab grade: scores, formats, batches, hidden seeds, and what it says of itself."""

import base64
import csv
import io
import json
import os
import re
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
    allowed = {"score", "max_score", "status", "name", "name_format", "number", "output", "output_format", "tags",
               "visibility", "extra_data"}
    for test in result["tests"]:
        assert set(test) <= allowed and test["status"] in ("passed", "failed")
        assert test["visibility"] in ("visible", "hidden", "after_due_date", "after_published")
    assert [test["visibility"] for test in result["tests"]] == ["visible", "visible", "after_published"]
    assert set(result) <= {"score", "execution_time", "output", "output_format", "test_output_format",
                           "test_name_format", "visibility", "stdout_visibility", "extra_data", "tests", "leaderboard"}
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
    assert 'a <b> & "c" # d' in suites[4].find("testcase/failure").text
    if shutil.which("xmllint"):
        subprocess.run(["xmllint", "--noout", "-"], input=grade("odd.lua", "--format", "junit").encode(), check=True)


def test_tap():
    one = grade("wrong_never_counts.lua", "--format", "tap").splitlines()
    assert one[:2] == ["TAP version 14", "1..3"]
    assert [line for line in one if re.match("(not )?ok", line)] == [
        "ok 1 - It answers with what it was sent", "not ok 2 - It counts the echoes",
        "not ok 3 - It remembers the count over a crash"]
    assert one.count("  ---") == one.count("  ...") == 3
    many = grade(*everybody, "--format", "tap").splitlines()
    assert many[1] == "1..5" and many.count("    1..3") == 5
    top = [line for line in many if re.match("(not )?ok", line)]
    assert [line.startswith("ok") for line in top] == [True, False, False, False, False]
    for line in many:
        message = re.match(r" +message: (.*)", line)
        if message:
            json.loads(message.group(1))


def test_classroom():
    result = json.loads(base64.b64decode(grade("wrong_memory_only.lua", "--format", "classroom")))
    assert result["version"] == 1 and result["status"] == "fail" and result["max_score"] == 100
    assert [(t["status"], t["score"]) for t in result["tests"]] == [("pass", 40), ("pass", 30), ("fail", 0)]


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


def test_mistakes():
    assert "did you mean 'echo'?" in grade("solution.lua", lab="ecko", code=2)
    assert "nothing to grade" in grade("solution.lua", lab="quickstart", code=1)
    refused = lines(grade("absent.lua", ".", "--format", "json"))
    assert [r["status"] for r in refused] == ["refused", "refused"] and refused[1]["message"] == "it is a folder"
    assert [p["score"] for r in refused for p in r["parts"]] == [0] * 6


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
