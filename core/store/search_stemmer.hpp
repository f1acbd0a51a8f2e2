// The Porter stemmer: takes the endings off English words, so that "connected" and "connections" meet in
// "connect".
//
// The algorithm as it was published, five steps of rules on lower-case letters, with one of the author's own
// later departures: words of one or two letters stay as they are. A stem is no word ("ponies" gives "poni"),
// and different words may share one ("universe", "university"). Cost: O(length). Paper: M. F. Porter, An
// algorithm for suffix stripping, Program 14(3), 1980.
#pragma once

#include <string>

namespace syslab {

// Requires: nothing; a word with anything but a to z in it comes back as it is.
std::string porter_stem(std::string word);

}  // namespace syslab
