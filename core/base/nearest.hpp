// "Did you mean ...?": the nearest of some names.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace syslab {

// The candidate nearest to `word` by edit distance (insert, delete, replace, swap of neighbours; case is free), or ""
// where none is near: at most a third of the word's length, at least one. Ties go to the earlier candidate.
std::string nearest(std::string_view word, const std::vector<std::string>& candidates);

// " (did you mean 'lru'?)", or "" where nothing is near.
std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace syslab
