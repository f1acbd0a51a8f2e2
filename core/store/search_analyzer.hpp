// Analyzer: makes the terms of an index out of text.
//
// A tokenizer cuts the text, filters change the tokens: lower case, stop words, a stemmer, n-grams. Documents
// and queries must go through the same analyzer, or their terms do not meet (edge n-grams are the exception).
//
//   standard     words as Unicode's rules would cut most text: letters, digits and "_" in a row, with an
//   apostrophe
//                or a dot between letters and a dot or comma between digits; each Han or kana sign alone;
//                lower case
//   whitespace   what stands between blanks, as it is
//   keyword      the whole text as one token
//   simple       runs of letters, lower case
//   english      standard, without the 33 English stop words, stemmed by Porter's algorithm
//
// Text is UTF-8; bytes that are not are taken as letters. Lower case covers Latin, Greek and Cyrillic. Cost:
// O(bytes), and O(length x sizes) for n-grams. Source: Unicode annex 29 (simplified); Lucene's analyzers.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/value.hpp"

namespace syslab {

struct Token {
  std::string text;
  std::uint32_t position;  // of the word; what a filter removes leaves a gap
  std::uint32_t start;     // bytes of the original text
  std::uint32_t end;
};

struct Analyzer {
  enum class Tokenizer : std::uint8_t { standard, whitespace, keyword, simple };
  enum class Grams : std::uint8_t { none, all, edge };  // all parts of a token, or its beginnings

  Tokenizer tokenizer = Tokenizer::standard;
  bool lower = true;
  std::vector<std::string> stop = {};  // sorted
  bool stem = false;
  Grams grams = Grams::none;
  std::uint32_t gram_min = 1;
  std::uint32_t gram_max = 2;

  std::vector<Token> tokens(std::string_view text) const;

  // Of a name, or of a table {tokenizer, lower, stop = true | {words}, stemmer = "porter", ngram = {min,
  // max}, edge_ngram = {min, max}}. Errors: malformed, which names what is wrong.
  static Expected<Analyzer> parse(const Value& value);
};

const std::vector<std::string>& english_stop_words();

}  // namespace syslab
