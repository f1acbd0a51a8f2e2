// The text of one input: what can be said of it without running it.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace syslab::program {

// Turns the `local` declarations at the outermost level into assignments, so that `local c =
// lab.cache.lru{...}` typed at the prompt is still there on the next line. Keeps line numbers, and columns up
// to the first bare `local x`. Declarations inside blocks and functions stay what they are.
std::string keep_locals(std::string_view text);

// How many more brackets and blocks the line opens than it closes; nothing where a line alone cannot tell
// (long strings and comments, a string that goes on).
std::optional<int> opened_by(std::string_view line);

// Undoes a pasted transcript: when a line begins with `lab> `, each such line begins an input, `...> ` lines
// continue it, and all other lines were output and are dropped. Text without prompts is one input, unchanged.
std::vector<std::string> split_transcript(std::string_view text);

// Cuts text at its line ends; a final empty line does not count.
std::vector<std::string> split_lines(std::string_view text);

// `text` without spaces at both ends.
std::string_view trimmed(std::string_view text);

// A first line that begins with `#!` is replaced by an empty one, so that line numbers stay.
std::string_view without_shebang(std::string_view text);

// The columns (from 0) in `line` where the token stands that LuaJIT's message ends with (`near 'x'`).
std::vector<std::size_t> columns_of_near(std::string_view message, std::string_view line);

}  // namespace syslab::program
