-- What the sandbox gives a script, beyond Lua 5.1's base library; a lab or a library module makes no globals.
std = {
  read_globals = {
    "_G", "_VERSION", "assert", "collectgarbage", "error", "getmetatable", "ipairs", "load", "loadstring", "next",
    "pairs", "pcall", "print", "rawequal", "rawget", "rawset", "require", "select", "setfenv", "getfenv",
    "setmetatable", "tonumber", "tostring", "type", "unpack", "xpcall", "arg",
    "bit", "coroutine", "math", "string", "table",
    os = { fields = { "time", "clock", "date" } },
    "lab", "help", "ns", "us", "ms", "s", "min", "h", "KB", "MB", "GB", "KiB", "MiB", "GiB",
  },
}
max_line_length = false  -- tests/tidy looks at that, in every language
files["lua/prelude.lua"] = { ignore = { "12[12]" } }  -- it is what sets these globals
-- What a student begins with has arguments that nothing uses yet.
files["labs/*/starter.lua"] = { ignore = { "21[123]" } }
files["tests/labs/**/*.lua"] = { ignore = { "21[123]" } }
exclude_files = { "build", "tests/labs/hostile/submissions", ".cache", "tests/tidy/canary", "lua/types" }
