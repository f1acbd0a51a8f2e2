"""The prompt at a terminal: echo, multi-line input, history, completion, Ctrl-C."""

import os
import stat
import time

from terminal import Terminal, contains, equal, run


def test_an_expression_is_echoed_and_nil_is_not():
    t = Terminal()
    equal(t.ask("1 + 1"), "2")
    equal(t.ask("= 'a' .. 'b'"), '"ab"')
    equal(t.ask("nil"), "")
    equal(t.ask("1, nil, 3"), "1\tnil\t3")
    equal(t.ask("x = 5"), "")
    equal(t.ask("x * 2"), "10")
    equal(t.ask("_"), "10")
    equal(t.leave(), 0)


def test_a_local_lives_on_to_the_next_line():
    t = Terminal()
    t.ask("local c, d = 7, 8")
    equal(t.ask("c + d"), "15")
    t.ask("local function f() local c = 1; return c end")
    equal(t.ask("f() + c"), "8")


def test_an_unfinished_input_goes_on():
    t = Terminal()
    t.ask("function f(a)", "...> ")
    t.ask("return a * 2", "...> ")
    t.ask("end")
    equal(t.ask("f(4)"), "8")


def test_an_empty_line_or_ctrl_c_gives_up_an_unfinished_input():
    t = Terminal()
    t.ask("f(", "...> ")
    contains(t.ask(""), "cancelled")
    t.ask("f(", "...> ")
    t.interrupt()
    contains(t.until_prompt(), "cancelled")
    equal(t.ask("1"), "1")


def test_a_paste_of_several_lines_is_one_input():
    t = Terminal(NO_COLOR="1")
    t.send("\x1b[200~for i = 1, 2 do\n\n  print(i * 10)\nend\x1b[201~\n")
    t.process.expect_exact("10\r\n20")


def test_a_pasted_transcript_loses_its_prompts_and_output():
    t = Terminal(NO_COLOR="1")
    t.send("\x1b[200~lab> a = 6\nlab> a * 7\n42\nlab> function g()\n...> return a end\x1b[201~\n")
    t.process.expect_exact("42\r\n")
    t.process.sendline("g()")
    t.process.expect_exact("6\r\n")


def test_pasted_expressions_are_taken_one_by_one():
    t = Terminal(NO_COLOR="1")
    t.send("\x1b[200~b = 5\nb + 1\nb + 2\x1b[201~\n")
    t.process.expect_exact("6\r\n7")


def test_ctrl_c_stops_an_endless_loop_and_keeps_the_state():
    t = Terminal()
    t.ask("n = 0")
    t.begin("while true do n = n + 1 end")
    time.sleep(0.1)
    t.interrupt()
    contains(t.until_prompt(), "interrupted")
    equal(t.ask("n > 1000"), "true")


def test_ctrl_c_beats_pcall():
    t = Terminal()
    t.begin("while true do pcall(function() while true do end end) end")
    t.interrupt()
    contains(t.until_prompt(), "interrupted")
    equal(t.ask("1"), "1")


def test_ctrl_c_at_the_prompt_clears_the_line_and_never_leaves():
    t = Terminal()
    t.send("abc")
    t.interrupt()
    t.until_prompt()
    t.interrupt()
    t.interrupt()
    t.process.sendline("6 * 7")
    t.process.expect_exact("42")


def test_all_ways_out():
    for way in ("exit", "quit", ":q", ".quit", "exit()"):
        t = Terminal()
        t.process.sendline(way)
        t.process.expect(__import__("pexpect").EOF)
        t.process.close()
        equal(t.process.exitstatus, 0, way)


def test_an_error_shows_the_place_and_what_was_meant():
    t = Terminal()
    text = t.ask("x = prnt('a')")
    contains(text, "did you mean 'print'?")
    contains(text, "  x = prnt('a')\n      ^^^^")
    contains(t.ask("x = = 3"), "  x = = 3\n      ^")
    contains(t.ask("error({ code = 7, message = 'no' })"), "{ code = 7, message = no }")
    equal(t.ask("1"), "1")


def test_a_traceback_names_the_callers():
    t = Terminal()
    t.ask("function inner() error('deep') end")
    t.ask("function outer() inner() end")
    text = t.ask("outer()")
    contains(text, "deep")
    contains(text, "outer")
    contains(t.ask(".bt"), "inner")
    assert "(C++)" not in t.ask(".bt")
    contains(t.ask(".bt full"), "(C++): in function 'error'")


def test_history_survives_a_restart_whole():
    t = Terminal()
    t.ask("function h()", "...> ")
    t.ask("  return 99", "...> ")
    t.ask("end")
    t.ask(" secret = 1")
    t.ask("12")
    t.ask("12")
    t.leave()
    path = t.home + "/state/syslab/history"
    equal(stat.S_IMODE(os.stat(path).st_mode), 0o600)
    text = open(path).read()
    assert "secret" not in text
    equal(text.count("\n12\n"), 1)
    again = Terminal(home=t.home)
    again.send("\x1b[A\x1b[A\n")
    again.until_prompt()
    equal(again.ask("h()"), "99")


def test_up_searches_for_what_was_typed():
    t = Terminal()
    t.ask("alpha = 1")
    t.ask("beta = 2")
    t.send("al\x1b[A\n")
    contains(t.until_prompt(), "alpha = 1")


def test_history_is_written_before_the_command_runs():
    t = Terminal()
    t.begin("while true do end")
    contains(open(t.home + "/state/syslab/history").read(), "while true do end")
    t.interrupt()
    t.until_prompt()


def test_the_history_file_can_be_elsewhere():
    t = Terminal(SYSLAB_HISTORY="/dev/null")
    t.ask("5")
    assert not os.path.exists(t.home + "/state/syslab/history")


def test_completion_runs_no_code():
    t = Terminal()
    t.ask("ran = 0; evil = setmetatable({ alpha = { beta_one = 41 } }, { __index = function() ran = ran + 1 end })")
    t.send("evil.al\t.be\t\n")
    contains(t.until_prompt(), "41")
    t.send("evil.nothing.\t")
    time.sleep(0.2)
    t.interrupt()
    t.until_prompt()
    equal(t.ask("ran"), "0")


def test_completion_knows_components_methods_options_and_commands():
    t = Terminal()
    t.send("lab.dist.log\t{ med\t8, sig\t1 }\n")
    contains(t.until_prompt(), "Distribution")
    t.ask("d = lab.dist.constant(3)")
    t.send("d:me\t()\n")
    contains(t.until_prompt(), "3")
    t.send(".apr\t seed\n")
    contains(t.until_prompt(), "seed")


def test_file_names_complete_after_load():
    t = Terminal()
    with open(t.home + "/some_script.lua", "w") as file:
        file.write("#!/usr/bin/env syslab\nreturn 'loaded'\n")
    t.send(".load some\t\n")
    contains(t.until_prompt(), '"loaded"')
    contains(t.ask(".reload"), '"loaded"')


def test_dot_commands():
    t = Terminal()
    contains(t.ask(".hlep"), "did you mean .help?")
    contains(t.ask(".help commands"), ".apropos")
    contains(t.ask("?units"), "KiB")
    contains(t.ask("help(lab.dist.exp)"), "lab.dist.exp")
    contains(t.ask(".apropos lognormal"), "lab.dist.lognormal")
    contains(t.ask(".step"), "there is no world yet")
    contains(t.ask(".time for i = 1, 10 do end"), "real")
    t.ask("gone = 1")
    contains(t.ask(".seed 9"), "seed 9")
    equal(t.ask("gone"), "")
    equal(t.ask(".seed"), "9")


def test_a_saved_session_replays():
    t = Terminal()
    t.ask("local a = 4")
    t.ask("a * 2")
    t.ask("nonsense()")
    contains(t.ask(".save again.lua"), "again.lua")
    text = open(t.home + "/again.lua").read()
    contains(text, "a = 4")
    assert "nonsense" not in text
    t.ask(".reset")
    t.ask(".load again.lua")
    equal(t.ask("a"), "4")


def test_colour_follows_the_environment():
    assert "\x1b[3" in Terminal(args=["--no-init"]).started or "\x1b[1;36m" in coloured("1")
    assert "\x1b[36m" in coloured("'a', 1")
    assert "\x1b[3" not in coloured("1", NO_COLOR="1")
    assert "\x1b[3" not in coloured("1", TERM="dumb")
    assert "\x1b[3" in coloured("1", NO_COLOR="1", CLICOLOR_FORCE="1")
    assert "\x1b[3" not in coloured("1", args=["-q", "--no-init", "--color=never"])
    assert "\x1b[3" in coloured("1", args=["-q", "--no-init", "--color=always"], NO_COLOR="1")


def coloured(line, **variables):
    t = Terminal(**variables)
    t.ask(line)
    return t.raw


def test_a_dumb_terminal_works():
    t = Terminal(TERM="dumb")
    equal(t.ask("6 * 7"), "42")
    assert "\x1b" not in t.raw, repr(t.raw)


def test_utf8_is_kept():
    t = Terminal()
    equal(t.ask("'żółw 漢字'"), '"żółw 漢字"')


def test_the_init_file_runs_in_a_prompt():
    t = Terminal()
    os.makedirs(t.home + "/config/syslab")
    with open(t.home + "/config/syslab/init.lua", "w") as file:
        file.write("from_init = 3\n")
    t.leave()
    equal(Terminal(home=t.home, args=["-q"]).ask("from_init"), "3")
    equal(Terminal(home=t.home).ask("from_init"), "")


def test_options_before_the_prompt():
    t = Terminal(args=["--no-init", "-q", "--seed", "12", "-i", "-e", "z = 4"])
    equal(t.ask("z"), "4")
    equal(t.ask(".seed"), "12")


def test_the_first_prompt_comes_fast():
    times = []
    for _ in range(5):
        start = time.time()
        Terminal()
        times.append(time.time() - start)
    print("     first prompt after %.0f ms (best of 5)" % (min(times) * 1000))


run(globals())
