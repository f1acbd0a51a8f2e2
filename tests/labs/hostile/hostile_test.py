"""Attacks on the grader: none earns a point, hangs, or leaves anything, and who comes next is graded the same.

No time of the clock decides anything here: limits are on processor time, and what is waited for is looked at until it
is there. So the test says the same on a machine that does other things.
"""

import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time

PROGRAM = os.environ.get("SYSLAB_PROGRAM") or sys.exit(77)
HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))
LIMIT = 0.5  # seconds of processor time a part
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
sanitized = "SYSLAB_ASAN:BOOL=ON" in open(os.environ.get("SYSLAB_BUILD_DIR", "/absent") + "/CMakeCache.txt").read() \
    if os.path.exists(os.environ.get("SYSLAB_BUILD_DIR", "/absent") + "/CMakeCache.txt") else False
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


def cpu_of_children():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def patiently(look, what, seconds=120):
    """What `look` gives as soon as that is something; it is not about how long it takes."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = look()
        if found:
            return found
        time.sleep(0.01)
    check(False, what)
    return None


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

# ---- README.md says which class of attack is in which file: each file once, each class with some

with open(HERE + "/README.md", encoding="utf-8") as file:
    rows = re.findall(r"^\| ([^|]+) \| ([^|]+) \|$", file.read(), re.M)[1:]
named = [name for _, names in rows for name in re.findall(r"`([\w*]+)`", names)]
ours = [os.path.basename(path).replace(".lua", "") for path in attacks + odd_files]
check(sorted(named) == sorted(ours), "README.md names each attack once: %s" % sorted(set(named) ^ set(ours)))
check(all(re.search("`", names) for _, names in rows), "each class of attack has a file")

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
    check(len(json.dumps(result, ensure_ascii=False).encode()) < 30000, name + ": its result is bounded")
    for part in result["parts"]:
        statuses.setdefault(part["status"], set()).add(name)
for status in ("failed", "error", "budget", "memory", "time", "broken", "refused"):
    check(statuses.get(status), "there is an attack that ends with '%s'" % status)
print("%d attacks in %.1f s: %s" % (len(attacks) + len(odd_files), took,
                                    ", ".join("%s %d" % (s, len(n)) for s, n in sorted(statuses.items()))))
check(CANARY not in done.stdout.replace(b"canary-7f3a-the-sentence", b""), "no canary in the results")
check(files_below(work) == before_files, "no file is left behind")
check(not os.path.exists("/tmp/syslab-hostile-was-here"), "no command was run")
patiently(lambda: not processes(), "no process is left behind")

# ---- equal bytes, twice, whatever the jobs; without those that a clock ends at a moment of its own
steady = [path for path in attacks if os.path.basename(path)[:-4] not in statuses["time"] | statuses.get("died", set())]
first, _ = grade(*steady, jobs=1, limit=60)
second, _ = grade(*steady, jobs=3, limit=60)
check(first.stdout == second.stdout, "grading twice gives equal bytes")
halves = [grade(*steady, limit=60, shard="%d/2" % i)[0].stdout.splitlines() for i in (1, 2)]
together = [line for pair in zip(*halves) for line in pair] + halves[0][len(halves[1]):]
check(together == first.stdout.splitlines(), "and so do shards")

# ---- a part ends at its limit: two of hang.lua's three do nothing but compute
cpu = cpu_of_children()
_, [hung] = grade(hang, isolation="seccomp")  # which lets the time be accounted for; bubblewrap does not reap
cpu = cpu_of_children() - cpu
check([part["status"] for part in hung["parts"]].count("time") == 2, "hang.lua is ended by its limit twice")
check(2 * LIMIT < cpu < 2 * (LIMIT + 0.5) + (10 if sanitized else 0),
      "two parts of %g s take %.2f s of processor time" % (LIMIT, cpu))

# ---- what a worker holds, seen from outside while it hangs


def computing(pid):
    with open("/proc/%d/stat" % pid) as file:
        user = int(file.read().rsplit(")", 1)[1].split()[11])
    return user >= 0.2 * os.sysconf("SC_CLK_TCK")


def worker_of(grader, besides=()):
    """The process that runs the submission: a nursery's child that computes. None where the grader ends without."""
    def look():
        ours = processes()
        for pid in ours - set(besides):
            try:
                if parent(pid) in ours and computing(pid):
                    return [pid]
            except OSError:
                pass
        return [None] if grader.poll() is not None else None
    found = patiently(look, "there is a worker")
    return found and found[0]


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
    args = [PROGRAM, "grade", "target", hang, "--format", "json", "--limit", "60", "--isolation", isolation]
    with subprocess.Popen(args, cwd=work, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as grader:
        worker = worker_of(grader)
        if worker is None:
            check(grader.poll() == 3, "%s: there is a worker" % isolation)
            print("no %s here: %s" % (isolation, grader.stderr.read().decode().strip()))
            continue
        try:
            os.kill(worker, signal.SIGSTOP)  # it must not reach its limit while it is looked at, however slowly
            check(memory_holds(worker, b".-.-.-.-.-b"), isolation + ": the submission is in the worker's memory")
            check(not memory_holds(worker, CANARY), isolation + ": the hidden test is not in the worker's memory")
            check(not memory_holds(worker, b"what comes off the stack"), isolation + ": nor is any other")
            with open("/proc/%d/status" % worker) as file:
                status = file.read()
            check("Seccomp:\t2" in status, isolation + ": the worker has a system call filter")
            check("NoNewPrivs:\t1" in status, isolation + ": and can gain no privileges")
            with open("/proc/%d/limits" % worker) as file:
                limits = {line[:25].strip(): line[25:].split()[0] for line in file.read().splitlines()[1:]}
            check(limits["Max stack size"] == "unlimited" or int(limits["Max stack size"]) >= 64 << 20,
                  "%s: a C stack of 64 MiB at least: %s" % (isolation, limits["Max stack size"]))
            for what in ("Max processes", "Max file size", "Max core file size", "Max locked memory"):
                check(limits[what] == "0", "%s: %s is 0: %s" % (isolation, what, limits[what]))
            check(sanitized or int(limits["Max data size"]) <= 2 << 30, isolation + ": memory is limited")
            check("CapEff:\t0000000000000000" in status, isolation + ": it has no capabilities")
            descriptors = os.listdir("/proc/%d/fd" % worker)
            check(sorted(descriptors) == ["0", "1", "2", "3"], "%s: four descriptors: %s" % (isolation, descriptors))
            with open("/proc/%d/environ" % worker, "rb") as file:
                check(b"HOME=/" not in file.read().replace(b"SYSLAB_HOME", b""), isolation + ": and no environment")
        except OSError as error:
            check(False, "%s: the worker cannot be looked at: %s" % (isolation, error))
        # A grader that is killed takes everything with it.
        grader.kill()
        grader.wait()
patiently(lambda: not processes(), "a killed grader leaves no process behind")

# ---- a worker that dies, of whatever, is a part that fails, and the next submission is graded as ever
if os.geteuid() == 0:
    args = [PROGRAM, "grade", "target", hang, honest, "--format", "json", "--limit", "60"]
    with subprocess.Popen(args, cwd=work, env=environment, stdout=subprocess.PIPE) as grader:
        buried = []
        for _ in range(2):  # the parts in which it hangs
            worker = worker_of(grader, buried)
            check(worker is not None, "there is a worker to kill")
            if worker is not None:
                os.kill(worker, 9)
                buried.append(worker)
        killed = [json.loads(line) for line in grader.stdout.read().splitlines()]
    check([part["status"] for part in killed[0]["parts"]] == ["died", "failed", "died"], "killed: " + str(killed[0]))
    check("signal 9" in killed[0]["parts"][0]["message"], "it is said what the worker died of: " + str(killed[0]))
    check(killed[1] == dict(alone, run=killed[1]["run"]), "who comes after a killed worker is graded the same")

# ---- no descriptor leaks: after many submissions, good and bad, a grader has as many as after one
counts = []
for n in (1, 20):
    lines = work + "/lines-%d.jsonl" % n
    args = [PROGRAM, "grade", "target", *[honest, odd + "/nul.lua"] * n, hang, "--format", "json", "--limit", "60",
            "--results", lines]
    with subprocess.Popen(args, cwd=work, env=environment, stdout=subprocess.PIPE) as master:
        def all_but_the_last(path=lines, wanted=2 * n):
            if not os.path.exists(path):
                return False
            with open(path, "rb") as file:
                return file.read().count(b"\n") == wanted
        patiently(all_but_the_last, "all but the last of %d are graded" % (2 * n + 1))
        worker_of(master)  # it hangs at the last one
        with open("/proc/%d/task/%d/children" % (master.pid, master.pid)) as file:
            counts.append(len(os.listdir("/proc/%s/fd" % file.read().split()[0])))
        master.kill()
patiently(lambda: not processes(), "nothing is left of the graders")
check(counts[0] == counts[1], "descriptors of a grader after 2 and 40 submissions: %s" % counts)

shutil.rmtree(work)
print("hostile: %d failures" % len(failures))
sys.exit(1 if failures else 0)
