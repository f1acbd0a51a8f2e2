"""Checkpoints, and a prompt that outlives a command that hangs or crashes."""

import os
import signal
import time

from terminal import Terminal, contains, equal, eventually, gone, run


def test_back_returns_to_before_the_last_command_and_forth():
    t = Terminal()
    t.ask("a = 1")
    t.ask("a = 2")
    contains(t.ask(".back"), "before `a = 2`")
    equal(t.ask("?units") != "", True)
    contains(t.ask(".back"), "again")


def test_back_without_a_past_says_so():
    t = Terminal()
    contains(t.ask(".back"), "no earlier state")


def test_a_mark_can_be_returned_to_many_times():
    t = Terminal()
    t.ask("a = 1")
    contains(t.ask(".mark one"), "one")
    for value in (5, 6):
        t.ask("a = %d" % value)
        contains(t.ask(".back one"), "at mark one")
        equal(t.ask("a"), "1")
    t.ask("a = 9")
    t.ask(".mark nine")
    t.ask(".back one")
    t.ask(".back nine")
    equal(t.ask("a"), "9")
    equal(t.ask(".mark"), "nine\none")
    contains(t.ask(".back ome"), "did you mean 'one'?")


def test_back_is_undone_by_back():
    t = Terminal()
    t.ask("a = 1")
    t.ask(".mark one")
    t.ask("a = 2")
    t.ask(".back one")
    t.ask(".back")
    equal(t.ask("a"), "2")


def test_the_history_of_the_terminal_is_kept_over_back():
    t = Terminal()
    t.ask("old = 1")
    t.ask(".mark m")
    t.ask("newer = 2")
    t.ask(".back m")
    t.send("newer\x1b[A\n")
    t.until_prompt()
    equal(t.ask("newer"), "2")


def test_a_crash_during_a_command():
    t = Terminal()
    t.ask("kept = 3")
    t.begin("while true do end")
    os.kill(live(t), signal.SIGSEGV)
    text = t.until_prompt()
    contains(text, "signal 11")
    contains(text, "while true do end`")
    equal(t.ask("kept"), "3")


def test_a_crash_at_the_prompt():
    t = Terminal()
    t.ask("kept = 3")
    t.ask("lost = 4")
    os.kill(live(t), signal.SIGSEGV)
    contains(t.until_prompt(), "signal 11")
    equal(t.ask("kept"), "3")


def test_a_crash_before_any_command():
    t = Terminal()
    os.kill(live(t), signal.SIGSEGV)
    contains(t.until_prompt(), "fresh lab")
    equal(t.ask("1"), "1")


def test_a_crash_again_and_again():
    t = Terminal()
    t.ask("kept = 3")
    for _ in range(3):
        t.begin("while true do end")
        os.kill(live(t), signal.SIGKILL)
        t.until_prompt()
    equal(t.ask("kept"), "3")


def test_a_pattern_bomb_is_killed_by_a_second_ctrl_c():
    t = Terminal()
    t.ask("kept = 8")
    t.begin("('a'):rep(25000):find(('a*'):rep(4) .. 'b')")
    time.sleep(0.3)  # until it is inside, where no Lua code runs
    t.interrupt()
    t.process.expect_exact("does not listen")
    t.interrupt()
    contains(t.until_prompt(), "was killed")
    equal(t.ask("kept"), "8")


def test_running_out_of_memory_is_an_error():
    t = Terminal()
    t.ask("kept = 8")
    contains(t.ask("local t = {} for i = 1, 1e9 do t[i] = ('x'):rep(1000000) .. i end"), "not enough memory")
    equal(t.ask("kept"), "8")


def test_deep_recursion_is_an_error():
    t = Terminal()
    contains(t.ask("function f() return 1 + f() end f()"), "stack overflow")
    contains(t.ask("('('):rep(100000):find(('('):rep(100000))"), "error")
    equal(t.ask("1"), "1")


def test_no_process_remains_after_the_end():
    t = Terminal()
    t.ask("a = 1")
    t.ask(".mark one")
    t.ask(".mark two")
    t.ask(".back one")
    children = t.children()
    assert len(children) >= 4, children
    equal(t.leave(), 0)
    eventually(lambda: all(gone(pid) for pid in children))


def test_no_process_remains_when_the_session_is_killed():
    t = Terminal()
    t.ask("a = 1")
    t.ask(".mark one")
    t.ask(".back one")
    children = t.children()
    os.kill(t.process.pid, signal.SIGKILL)
    t.process.close()
    eventually(lambda: all(gone(pid) for pid in children))


def test_processes_do_not_pile_up():
    t = Terminal()
    for i in range(20):
        t.ask("a = %d" % i)
    equal(len(t.children()), 2)
    with open("/proc/%d/stat" % live(t)) as file:
        assert "Z" not in file.read().rsplit(")", 1)[1].split()[0]


def test_keeping_the_state_costs_little():
    t = Terminal()
    start = time.time()
    for i in range(50):
        t.ask("a = %d" % i)
    print("     %.1f ms a command with its checkpoint" % ((time.time() - start) * 1000 / 50))


def live(t):
    """The process that holds the lab: of the children, the one that was there before its copies."""
    children = t.children()
    runs = [pid for pid in children if cpu(pid) > 0.1]
    return runs[-1] if runs else children[0]


def cpu(pid):
    with open("/proc/%d/stat" % pid) as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


run(globals())
