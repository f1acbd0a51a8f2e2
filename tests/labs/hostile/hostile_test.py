"""Attacks on the grader: none earns a point, hangs, or leaves anything, and who comes next is graded the same."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

PROGRAM = os.environ.get("SYSLAB_PROGRAM") or sys.exit(77)
HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))
LIMIT = 1  # second a part
CANARY = b"canary-7f3a"

work = tempfile.mkdtemp(prefix="syslab-hostile-")
home = work + "/home"
os.makedirs(home + "/labs/target")
os.symlink(ROOT + "/lua", home + "/lua")
shutil.copy(HERE + "/lab.lua", home + "/labs/target/lab.lua")
# A copy of the program, so that its processes can be told from those of other tests that grade at the same time.
PROGRAM = shutil.copy(PROGRAM, work + "/syslab")
environment = dict(os.environ, SYSLAB_HOME=home, HOME=work, TMPDIR=work)
honest = HERE + "/honest.lua"
hang = HERE + "/hang.lua"
failures = []


def check(ok, text):
    if not ok:
        failures.append(text)
        print("FAIL " + text)


def processes():
    """The nurseries and workers of our copy of the program."""
    found, ours = [], os.stat(PROGRAM)
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            it = os.stat("/proc/%s/exe" % pid)
            with open("/proc/%s/cmdline" % pid, "rb") as file:
                if (it.st_dev, it.st_ino) == (ours.st_dev, ours.st_ino) and b"grade-nursery" in file.read():
                    found.append(int(pid))
        except OSError:
            pass
    return set(found)


def parent(pid):
    with open("/proc/%d/stat" % pid) as file:
        return int(file.read().rsplit(")", 1)[1].split()[1])


def grade(*files, limit=LIMIT, **options):
    args = [PROGRAM, "grade", "target", *files, "--format", "json", "--limit", str(limit)]
    for name, value in options.items():
        args += ["--" + name, str(value)]
    done = subprocess.run(args, cwd=work, env=environment, capture_output=True, timeout=1200, check=False)
    return done, [json.loads(line) for line in done.stdout.splitlines()]


def files_below(folder):
    return sorted(os.path.join(path, name) for path, _, names in os.walk(folder) for name in names)


# ---- odd files, made here because a checkout cannot hold them

odd = work + "/odd"
os.makedirs(odd + "/folder.lua")
with open(odd + "/empty.lua", "w"):
    pass
with open(odd + "/nul.lua", "wb") as file:
    file.write(b"return\0 1")
with open(odd + "/large.lua", "wb") as file:
    file.truncate(50 << 20)
with open(odd + "/bytecode.lua", "wb") as file:
    file.write(b"\x1bLJ\x02\x0a" + bytes(range(1, 256)) * 3)
with open(odd + "/latin1.lua", "wb") as file:
    file.write(b"-- \xe9\xff\xfe\nerror('\xe9\xff')\n")
with open(odd + "/bom.lua", "wb") as file:
    file.write(b"\xef\xbb\xbf#!/bin/sh\nexit 0\n")
with open(odd + "/brackets.lua", "w") as file:
    file.write("return " + "{" * 200000 + "}" * 200000)
with open(odd + "/long_line.lua", "w") as file:
    file.write("return { x = '" + "x" * 900000 + "' }")
os.mkfifo(odd + "/fifo.lua")
os.symlink("/etc/passwd", odd + "/link.lua")
os.symlink("loop.lua", odd + "/loop.lua")
odd_files = [odd + "/" + name for name in sorted(os.listdir(odd))]
odd_files += [odd + "/absent.lua", "/dev/zero", "/proc/self/mem"]
refused = {"empty", "nul", "large", "fifo", "link", "loop", "folder", "absent", "zero", "mem"}

attacks = [HERE + "/submissions/" + name for name in sorted(os.listdir(HERE + "/submissions"))]
check(len(attacks) >= 60, "there are at least 60 attacks")

# ---- all of them, an honest one after each

before_files = files_below(work)
_, [alone] = grade(honest)
check(alone["score"] == 100, "the honest submission earns all points: " + json.dumps(alone))

every = []
for path in attacks + odd_files:
    every += [path, honest]
started = time.monotonic()
done, results = grade(*every, jobs=2)
took = time.monotonic() - started
check(done.returncode == 0, "the grader ends well: %d %s" % (done.returncode, done.stderr.decode()[:500]))
check(len(results) == len(every), "every submission has a result: %d of %d" % (len(results), len(every)))
statuses = {}
for path, result in zip(every, results):
    name = os.path.basename(path).replace(".lua", "")
    if path == honest:
        check(result == alone, "the honest submission is graded the same after an attack: " + json.dumps(result))
        continue
    check(result["score"] == 0, "%s earns nothing: %s" % (name, json.dumps(result)))
    check(result["status"] == ("refused" if name in refused else "graded"), "%s: %s" % (name, result["status"]))
    check(all(part["status"] != "passed" for part in result["parts"]), name + " passes no part")
    check(len(json.dumps(result)) < 20000, name + ": its result is bounded")
    for part in result["parts"]:
        statuses.setdefault(part["status"], set()).add(name)
for status in ("failed", "error", "budget", "memory", "time", "broken", "refused"):
    check(statuses.get(status), "there is an attack that ends with '%s'" % status)
print("%d attacks in %.1f s: %s" % (len(attacks) + len(odd_files), took,
                                     ", ".join("%s %d" % (s, len(n)) for s, n in sorted(statuses.items()))))
check(CANARY not in done.stdout.replace(b"canary-7f3a-the-sentence", b""), "no canary in the results")
check(files_below(work) == before_files, "no file is left behind")
check(not os.path.exists("/tmp/syslab-hostile-was-here"), "no command was run")
check(not processes(), "no process is left behind: %s" % processes())

# ---- equal bytes, twice, whatever the jobs; without those that the clock ends at a moment of its own
steady = [path for path in attacks if os.path.basename(path)[:-4] not in statuses["time"] | statuses.get("died", set())]
first, _ = grade(*steady, jobs=1, limit=60)
second, _ = grade(*steady, jobs=3, limit=60)
check(first.stdout == second.stdout, "grading twice gives equal bytes")

# ---- a part ends at its limit
started = time.monotonic()
_, [hung] = grade(hang)
took = time.monotonic() - started
check([part["status"] for part in hung["parts"]].count("time") == 2, "hang.lua is ended by the clock twice")
check(took < 2 * (LIMIT + 0.5) + 10, "hang.lua takes %.1f s for two parts of %d s" % (took, LIMIT))

# ---- what a worker holds, seen from outside while it hangs


def worker_of(grader):
    """The process that runs the submission: a nursery's child."""
    seen = {}
    for _ in range(500):
        ours = processes()
        for pid in ours:
            try:
                if parent(pid) in ours:
                    seen[pid] = seen.get(pid, 0) + 1
            except OSError:
                pass
            if seen.get(pid, 0) > 50:  # not the one that a nursery tries out first
                return pid
        if grader.poll() is not None:
            return None
        time.sleep(0.01)
    return None


def memory_holds(pid, needle):
    with open("/proc/%d/maps" % pid) as maps, open("/proc/%d/mem" % pid, "rb") as memory:
        for line in maps:
            span, flags = line.split()[:2]
            if "r" not in flags or "[v" in line:
                continue
            begin, end = (int(x, 16) for x in span.split("-"))
            while begin < end:
                size = min(end - begin, 1 << 24)
                try:
                    memory.seek(begin)
                    if needle in memory.read(size):
                        return True
                except OSError:
                    pass
                begin += size
    return False


for isolation in ("seccomp", "bubblewrap") if os.geteuid() == 0 else ():  # who else cannot look into a worker
    args = [PROGRAM, "grade", "target", hang, "--format", "json", "--limit", "10", "--isolation", isolation]
    with subprocess.Popen(args, cwd=work, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as grader:
        worker = worker_of(grader)
        if worker is None:
            check(grader.poll() == 3, "%s: there is a worker" % isolation)
            print("no %s here: %s" % (isolation, grader.stderr.read().decode().strip()))
            continue
        try:
            check(memory_holds(worker, b".-.-.-.-.-b"), isolation + ": the submission is in the worker's memory")
            check(not memory_holds(worker, CANARY), isolation + ": the hidden test is not in the worker's memory")
            check(not memory_holds(worker, b"what comes off the stack"), isolation + ": nor is any other")
            with open("/proc/%d/status" % worker) as file:
                status = file.read()
            check("Seccomp:\t2" in status, isolation + ": the worker has a system call filter")
            check("NoNewPrivs:\t1" in status, isolation + ": and can gain no privileges")
            descriptors = os.listdir("/proc/%d/fd" % worker)
            check(sorted(descriptors) == ["0", "1", "2", "3"], "%s: four descriptors: %s" % (isolation, descriptors))
            with open("/proc/%d/environ" % worker, "rb") as file:
                check(b"HOME=/" not in file.read().replace(b"SYSLAB_HOME", b""), isolation + ": and no environment")
        except OSError as error:
            check(False, "%s: the worker cannot be looked at: %s" % (isolation, error))
        # A grader that is killed takes everything with it.
        grader.kill()
        grader.wait()
for _ in range(200):
    left = processes()
    if not left:
        break
    time.sleep(0.02)
check(not left, "a killed grader leaves no process behind: %s" % left)

# ---- a worker that dies, of whatever, is a part that fails, and the next submission is graded as ever
if os.geteuid() == 0:
    args = [PROGRAM, "grade", "target", hang, honest, "--format", "json", "--limit", "60"]
    with subprocess.Popen(args, cwd=work, env=environment, stdout=subprocess.PIPE) as grader:
        for _ in range(2):  # the parts in which it hangs
            worker = worker_of(grader)
            check(worker is not None, "there is a worker to kill")
            if worker is not None:
                os.kill(worker, 9)
        killed = [json.loads(line) for line in grader.stdout.read().splitlines()]
    check([part["status"] for part in killed[0]["parts"]] == ["died", "failed", "died"], "killed: " + str(killed[0]))
    check("signal 9" in killed[0]["parts"][0]["message"], "it is said what the worker died of: " + str(killed[0]))
    check(killed[1] == dict(alone, run=killed[1]["run"]), "who comes after a killed worker is graded the same")

# ---- no descriptor leaks: after many submissions the grader has as many as after one
counts = []
for n in (1, 40):
    args = [PROGRAM, "grade", "target", *[honest] * n, hang, "--format", "json", "--limit", "3"]
    with subprocess.Popen(args, cwd=work, env=environment, stdout=subprocess.PIPE) as master:
        time.sleep(0.5)
        graders = []
        for _ in range(500):
            try:
                with open("/proc/%d/task/%d/children" % (master.pid, master.pid)) as file:
                    graders = file.read().split()
            except OSError:
                break
            if graders and worker_of(master):
                break
        count = None
        for _ in range(400):  # until it hangs at the last one
            time.sleep(0.05)
            try:
                now = len(os.listdir("/proc/%s/fd" % graders[0]))
            except OSError:
                break
            count = now if count is None else max(count, now)
            if master.poll() is not None:
                break
        counts.append(count)
        master.kill()
check(counts[0] == counts[1], "descriptors of a grader after 1 and 40 submissions: %s" % counts)

shutil.rmtree(work)
print("hostile: %d failures" % len(failures))
sys.exit(1 if failures else 0)
