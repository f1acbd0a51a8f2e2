"""The program without a terminal: pipes, scripts, exit codes, bad input."""

import os
import pty
import signal
import subprocess
import sys
import tempfile
import time

PROGRAM = os.environ.get("SYSLAB_PROGRAM") or sys.exit(77)
HOME = tempfile.mkdtemp(prefix="syslab-test-")
ENV = dict(os.environ, HOME=HOME, XDG_CONFIG_HOME=HOME + "/config", XDG_STATE_HOME=HOME + "/state", LANG="C.UTF-8")
for name in ("CLICOLOR_FORCE", "FORCE_COLOR"):
    ENV.pop(name, None)


def syslab(*args, stdin="", code=0, env=None):
    done = subprocess.run([PROGRAM, *args], input=stdin, capture_output=True, text=True, timeout=60, cwd=HOME,
                          env=dict(ENV, **(env or {})), errors="replace")
    if done.returncode != code:
        raise AssertionError("%r: exit code %d, wanted %d\n%s%s" %
                             (args, done.returncode, code, done.stdout, done.stderr))
    return done


def write(name, text):
    path = os.path.join(HOME, name)
    with open(path, "wb") as file:
        file.write(text if isinstance(text, bytes) else text.encode())
    return path


def equal(got, wanted):
    if got != wanted:
        raise AssertionError("got %r, wanted %r" % (got, wanted))


def contains(text, part):
    if part not in text:
        raise AssertionError("%r is not in %r" % (part, text))


def test_a_pipe_is_a_bare_prompt():
    done = syslab(stdin="x = 2\nx * 21\nprint('a')\nfunction f()\n\n  return 5\nend\nf()\n")
    equal(done.stdout, "42\na\n5\n")
    equal(done.stderr, "")
    assert not os.path.exists(HOME + "/state/syslab/history")


def test_a_long_table_in_a_pipe_takes_no_quadratic_time():
    lines = "".join("  { 'line %d', %d },\n" % (i, i) for i in range(50000))
    equal(syslab(stdin="t = {\n" + lines + "}\n#t\n").stdout, "50000\n")


def test_a_pipe_stops_at_the_first_error():
    done = syslab(stdin="print(1)\nnonsense()\nprint(2)\n", code=1)
    equal(done.stdout, "1\n")
    contains(done.stderr, "nonsense")
    done = syslab(stdin="print(1)\nf(\n", code=1)
    contains(done.stderr, "<eof>")


def test_dot_commands_work_in_a_pipe():
    contains(syslab(stdin=".help units\n").stdout, "KiB")
    syslab(stdin=".nonsense\n", code=1)
    syslab(stdin=".mark a\n", code=1)
    equal(syslab(stdin="exit\nprint(1)\n").stdout, "")


def test_lines_on_the_command_line():
    equal(syslab("-e", "1 + 1", "-e", "'a'", "-e", "y = 3", "-e", "y, 4").stdout, '2\n"a"\n3\t4\n')
    syslab("-e", "1", "-e", "error('x')", "-e", "print(9)", code=1)
    equal(syslab("-e", "return 7").stdout, "7\n")


def test_a_script_gets_its_arguments():
    path = write("args.lua", "#!/usr/bin/env syslab\nlocal a, b = ...\nprint(a, b, arg[1], arg[0], #arg)\nreturn 5\n")
    equal(syslab("run", path, "-x", "two words").stdout, "-x\ttwo words\t-x\t%s\t2\n5\n" % path)
    equal(syslab(path, "--seed", "b").stdout, "--seed\tb\t--seed\t%s\t2\n5\n" % path)
    os.chmod(path, 0o755)


def test_a_script_from_standard_input():
    equal(syslab("run", "-", "q", stdin="local a = ...\nprint(a)\n").stdout, "q\n")
    equal(syslab("-", stdin="print(1)").stdout, "1\n")


def test_a_script_error_names_the_line_and_the_callers():
    path = write("bad.lua", "local function inner()\n  error('deep')\nend\n"
                            "local function outer()\n  inner()\nend\nouter()\n")
    err = syslab("run", path, code=1).stderr
    contains(err, "bad.lua:2:")
    contains(err, "error('deep')")
    contains(err, "bad.lua:5:")


def test_a_syntax_error_points_at_the_place():
    path = write("syntax.lua", "x = 1\ny = = 2\n")
    err = syslab("run", path, code=1).stderr
    contains(err, "syntax.lua:2:")
    contains(err, "    2 | y = = 2\n            ^")


def test_the_command_line_is_checked():
    contains(syslab("rnu", code=2).stderr, "did you mean 'run'?")
    contains(syslab("--nonsense", code=2).stderr, "--nonsense")
    contains(syslab("--seed", "x", code=2).stderr, "seed")
    syslab("--color", "maybe", code=2)
    contains(syslab("run", code=2).stderr, "FILE")
    contains(syslab("run", "--sed", "1", code=2).stderr, "--sed")
    syslab("check", "register", code=2)


def test_version_and_help():
    text = syslab("--version").stdout
    for part in ("syslab 0.", "LuaJIT", "fmt", "readline"):
        contains(text, part)
    contains(syslab("--help").stdout, "run")
    contains(syslab("run", "--help").stdout, "FILE")
    contains(syslab("help").stdout, "lab.dist")
    contains(syslab("help", "lab.dist.exp").stdout, "mean")
    contains(syslab("help", "lab.dist.epx", code=1).stderr, "did you mean")


def test_a_history_is_judged_with_an_exit_code():
    event = '{"process": %d, "type": "%s", "f": "%s", "value": %s}\n'
    good = event % (0, "invoke", "write", "1") + event % (0, "ok", "write", "1")
    bad = good + event % (1, "invoke", "read", "null") + event % (1, "ok", "read", "2")
    contains(syslab("check", "register", write("good.jsonl", good)).stdout, "ok")
    contains(syslab("check", "register", write("bad.jsonl", bad), code=1).stdout, "violated")
    contains(syslab("check", "register", "missing.jsonl", code=2).stderr, "missing.jsonl")
    contains(syslab("check", "regster", "good.jsonl", code=2).stderr, "register")
    syslab("check", "register", write("noise.jsonl", "\x00{{{"), code=2)


def test_modules_and_seed():
    write("mymodule.lua", "return { value = 11 }\n")
    equal(syslab("-l", "mymodule", "-e", "mymodule.value").stdout, "11\n")
    syslab("-l", "no_such_module", "-e", "1", code=1)
    one = syslab("--seed", "5", "-e", "math.random()").stdout
    equal(syslab("--seed", "5", "-e", "math.random()").stdout, one)
    assert syslab("--seed", "6", "-e", "math.random()").stdout != one


def test_no_colour_in_a_pipe_unless_forced():
    assert "\x1b" not in syslab("-e", "1").stdout
    contains(syslab("-e", "1", env={"CLICOLOR_FORCE": "1"}).stdout, "\x1b[")
    contains(syslab("--color=always", "-e", "1", env={"NO_COLOR": "1"}).stdout, "\x1b[")


def test_the_init_file_is_not_run_in_pipes_and_scripts():
    os.makedirs(HOME + "/config/syslab", exist_ok=True)
    write("config/syslab/init.lua", "print('init')\n")
    equal(syslab(stdin="1\n").stdout, "1\n")
    equal(syslab("-e", "1").stdout, "1\n")
    os.remove(HOME + "/config/syslab/init.lua")


def test_bad_files():
    contains(syslab("run", "missing.lua", code=1).stderr, "missing.lua")
    contains(syslab("run", HOME, code=1).stderr, "folder")
    contains(syslab("run", write("binary.lua", bytes(range(256)) * 16), code=1).stderr, "NUL")
    contains(syslab("run", write("bytecode.lua", b"\x1bLJ\x02\x0a"), code=1).stderr, "bytecode.lua")
    syslab("run", "/dev/zero", code=1)
    syslab(stdin="\x01\x02\x03", code=1)


def test_a_gigabyte_string_is_an_error():
    contains(syslab("-e", "('x'):rep(2^30 + 5)", code=1).stderr, "memory")
    contains(syslab("-e", "local s = 'x' while true do s = s .. s end", code=1).stderr, "memory")


def running(code, **options):
    """A process that has begun to run the code, however long the program took to start. Its output goes to a terminal,
    because what a pipe gets may wait in a buffer."""
    ours, its = pty.openpty()
    process = subprocess.Popen([PROGRAM, "-e", "print('begun'); " + code], stdout=its, text=True, env=ENV, **options)
    os.close(its)
    text = b""
    while b"begun" not in text:
        text += os.read(ours, 100)
    return process


def test_ctrl_c_ends_a_script_with_130():
    for code in ("while true do end", "while true do pcall(error) end",
                 "coroutine.wrap(function() while true do end end)()"):
        process = running(code, stderr=subprocess.PIPE)
        process.send_signal(signal.SIGINT)
        err = process.communicate(timeout=60)[1]
        equal(process.returncode, 130)
        contains(err, "interrupted")


def test_a_second_ctrl_c_ends_a_script_that_does_not_listen():
    process = running("('a'):rep(25000):find(('a*'):rep(4) .. 'b')")
    process.send_signal(signal.SIGINT)
    time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    equal(process.returncode, 130)


def test_a_closed_pipe_is_quiet():
    done = subprocess.run("%s -e 'for i = 1, 1e5 do print(i) end' | head -1" % PROGRAM, shell=True, text=True,
                          capture_output=True, env=ENV)
    equal((done.stdout, done.stderr), ("1\n", ""))


def test_deep_nesting_is_an_error():
    deep = "x = " + "(" * 100000 + "1" + ")" * 100000
    syslab("run", write("deep.lua", deep), code=1)
    syslab("-e", "local function f() return 1 + f() end f()", code=1)
    syslab("-e", "string.gsub(('x'):rep(1e4), '.-b', '')", code=0)


def test_errors_that_are_objects():
    contains(syslab("-e", "error({ code = 'timeout' })", code=1).stderr, "{ code = timeout }")
    contains(syslab("-e", "error(setmetatable({}, { __tostring = function() return 'my text' end }))", code=1).stderr,
             "my text")
    contains(syslab("-e", "error(setmetatable({}, { __tostring = function() error('evil') end }))", code=1).stderr,
             "error")
    syslab("-e", "error()", code=1)


def run(tests):
    failed = 0
    for name, test in sorted(tests.items()):
        if not name.startswith("test_"):
            continue
        try:
            test()
            print("ok   " + name)
        except Exception as error:
            failed += 1
            print("FAIL %s: %s: %s" % (name, type(error).__name__, str(error)[:2000]))
    sys.exit(1 if failed else 0)


run(globals())
