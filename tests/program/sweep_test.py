"""syslab sweep: seeds, jobs, shortened schedules, exit codes, silence in a pipe."""

import os
import pty
import subprocess
import sys
import tempfile

PROGRAM = os.environ.get("SYSLAB_PROGRAM") or sys.exit(77)
HOME = tempfile.mkdtemp(prefix="syslab-test-")
ENV = dict(os.environ, HOME=HOME, XDG_CONFIG_HOME=HOME + "/config", XDG_STATE_HOME=HOME + "/state", LANG="C.UTF-8")

DOWN = """
print "not to be seen"
local w = lab.world{}
local app, db = w:service "app", w:service "db"
w:inject(lab.fault.chaos{ faults = { lab.fault.crash "app", lab.fault.crash "db", lab.fault.pause "db" },
  every = 0.5, lasting = 1, span = 3 })
for _ = 1, 30 do
  w:run(0.1)
  assert(app:up() or w:seed() % 3 > 0, "the app is down")
end
"""


def write(name, text):
    path = os.path.join(HOME, name)
    with open(path, "w") as file:
        file.write(text)
    return path


def sweep(*args, code=0, **more):
    done = subprocess.run([PROGRAM, "sweep", *args], capture_output=True, text=True, timeout=60, env=ENV, **more)
    if done.returncode != code:
        raise AssertionError("%r: exit code %d, wanted %d\n%s%s" %
                             (args, done.returncode, code, done.stdout, done.stderr))
    return done


def equal(got, wanted):
    if got != wanted:
        raise AssertionError("got %r, wanted %r" % (got, wanted))


def test_failing_seeds_are_shown_with_the_faults_that_it_takes():
    script = write("down.lua", DOWN)
    done = sweep(script, "--seeds", "1..12", code=1)
    equal(done.stderr, "")  # no progress in a pipe
    lines = done.stdout.splitlines()
    seeds = [int(line.split(":")[0][5:]) for line in lines if line.startswith("seed ")]
    assert len(seeds) >= 2 and all(seed % 3 == 0 for seed in seeds) and seeds == sorted(seeds), seeds
    assert "the app is down" in lines[0]
    assert "1 of" in lines[1], lines[1]
    equal(lines[2], "  return function(w)")
    assert "lab.fault.crash{" in lines[3] and "app" in lines[3], lines[3]
    equal(lines[-1], "12 seeds, %d failed" % len(seeds))
    assert "not to be seen" not in done.stdout


def test_jobs_change_nothing():
    script = write("down.lua", DOWN)
    alone = sweep(script, "--seeds", "1..12", code=1)
    equal(sweep(script, "--seeds", "1..12", "--jobs", "3", code=1).stdout, alone.stdout)


def test_it_stops_after_so_many_failures():
    script = write("down.lua", DOWN)
    done = sweep(script, "--seeds", "1..90", "--failures", "1", code=1)
    tried = int(done.stdout.split(":")[0][5:])
    equal(done.stdout.splitlines()[-1], "%d seeds, 1 failed; %d seeds were not tried" % (tried, 90 - tried))


def test_all_well():
    script = write("well.lua", "local w = lab.world{}\nw:run(1)\n")
    equal(sweep(script, "--seeds", "5..9").stdout, "5 seeds, 0 failed\n")


def test_what_a_watch_sees_is_a_failure():
    script = write("raft.lua", """
local w = lab.world{ keep = 0 }
local kv = w:replicas("kv", lab.replicate.raft{ count = 3, bug = "vote_not_persisted" })
w:clients{ to = kv }
w:nemesis(lab.fault.chaos{ faults = { lab.fault.crash{ target = "one", power = true } }, every = 0.2, lasting = 0.2,
  at_once = 2, span = 5 })
w:run(6)
""")
    done = sweep(script, "--seeds", "1..200", "--failures", "1", code=1)
    assert "w:at(" in done.stdout, done.stdout


def test_errors_without_faults():
    script = write("broken.lua", "nonsense()\n")
    done = sweep(script, "--seeds", "1..3", code=1)
    assert "nonsense" in done.stdout and "without a fault" in done.stdout, done.stdout
    script = write("syntax.lua", "x = = 1\n")
    assert "syntax.lua:1" in sweep(script, "--seeds", "1..1", code=1).stdout


def test_what_does_not_end():
    script = write("hang.lua", "if lab.world{}:seed() == 2 then while true do end end\n")
    done = sweep(script, "--seeds", "1..3", "--limit", "0.3", code=3)
    assert "seed 2: no end after 0.3 s" in done.stdout, done.stdout
    equal(done.stdout.splitlines()[-1], "3 seeds, 0 failed, 1 did not end")


def test_usage():
    script = write("well.lua", "local w = lab.world{}\n")
    for bad in ("x", "1", "5..1", "1..", "..3", "1..2x", "-1..2"):
        assert "A..B" in sweep(script, "--seeds", bad, code=2).stderr
    sweep(HOME + "/absent.lua", code=2)
    sweep(code=2)
    assert "--failures" in sweep("--help").stdout


def test_progress_on_a_terminal():
    script = write("well.lua", "local w = lab.world{}\nw:run(1)\n")
    ours, theirs = pty.openpty()
    done = subprocess.run([PROGRAM, "sweep", script, "--seeds", "1..3"], stdout=subprocess.PIPE, stderr=theirs, env=ENV,
                          timeout=60)
    os.close(theirs)
    shown = os.read(ours, 65536).decode()
    os.close(ours)
    equal(done.returncode, 0)
    equal(done.stdout, b"3 seeds, 0 failed\n")
    assert "of 3 seeds" in shown, shown


if __name__ == "__main__":
    for name, test in sorted(globals().items()):
        if name.startswith("test_"):
            test()
            print("ok", name)
