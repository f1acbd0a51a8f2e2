#include "core/store/search_analyzer.hpp"

#include <algorithm>

#include "core/base/nearest.hpp"
#include "core/store/search_stemmer.hpp"

namespace syslab {
namespace {

struct Sign {
  std::uint32_t code;
  std::uint32_t bytes;
};

// The sign at the beginning of a text that is not empty. What is no UTF-8 is taken byte by byte.
Sign sign_at(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const auto more = [&](std::size_t i) { return i < text.size() && (byte(i) & 0xC0) == 0x80; };
  const std::uint32_t first = byte(0);
  if (first < 0x80) return {first, 1};
  if (first >= 0xC2 && first < 0xE0 && more(1)) return {(first & 0x1F) << 6 | (byte(1) & 0x3Fu), 2};
  if (first >= 0xE0 && first < 0xF0 && more(1) && more(2)) {
    return {(first & 0x0F) << 12 | (byte(1) & 0x3Fu) << 6 | (byte(2) & 0x3Fu), 3};
  }
  if (first >= 0xF0 && first < 0xF5 && more(1) && more(2) && more(3)) {
    return {(first & 0x07) << 18 | (byte(1) & 0x3Fu) << 12 | (byte(2) & 0x3Fu) << 6 | (byte(3) & 0x3Fu), 4};
  }
  return {first, 1};
}

void append_utf8(std::string& out, std::uint32_t code) {
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xC0 | code >> 6);
    out += static_cast<char>(0x80 | (code & 0x3F));
  } else {
    out += static_cast<char>(0xE0 | code >> 12);
    out += static_cast<char>(0x80 | (code >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (code & 0x3F));
  }
}

bool is_space(std::uint32_t c) {
  return c == ' ' || (c >= 9 && c <= 13) || c == 0x85 || c == 0xA0 || (c >= 0x2000 && c <= 0x200A) ||
         c == 0x3000;
}
bool is_digit(std::uint32_t c) {
  return c >= '0' && c <= '9';
}
bool is_letter(std::uint32_t c) {
  if (c < 0x80) return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  if (c < 0xC0) return c == 0xAA || c == 0xB5 || c == 0xBA;
  if (c == 0xD7 || c == 0xF7) return false;
  if (c >= 0x2000 && c <= 0x2BFF) return false;  // punctuation, arrows, mathematics, symbols
  if (c >= 0x3000 && c <= 0x3004) return false;
  if (c >= 0x3008 && c <= 0x3020) return false;
  if (c >= 0xFF00 && c <= 0xFF0F) return false;
  return c < 0x1F000 || c > 0x1FAFF;  // not an emoji
}
// Stands alone: there are no blanks between words.
bool is_ideograph(std::uint32_t c) {
  return (c >= 0x3040 && c <= 0x30FF) || (c >= 0x3400 && c <= 0x4DBF) || (c >= 0x4E00 && c <= 0x9FFF) ||
         (c >= 0xF900 && c <= 0xFAFF) || (c >= 0x20000 && c <= 0x2FA1F);
}

std::uint32_t lower_case(std::uint32_t c) {
  if (c < 0x80) return c >= 'A' && c <= 'Z' ? c + 32 : c;
  if (c >= 0xC0 && c <= 0xDE) return c == 0xD7 ? c : c + 32;
  if ((c >= 0x100 && c <= 0x137) || (c >= 0x14A && c <= 0x177)) return c == 0x130 ? 'i' : c | 1;
  if ((c >= 0x139 && c <= 0x148) || (c >= 0x179 && c <= 0x17E)) return c % 2 == 1 ? c + 1 : c;
  if (c == 0x178) return 0xFF;
  if (c >= 0x391 && c <= 0x3AB) return c == 0x3A2 ? c : c + 32;
  if (c >= 0x400 && c <= 0x40F) return c + 80;
  if (c >= 0x410 && c <= 0x42F) return c + 32;
  return c;
}

std::string lowered(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const Sign sign = sign_at(text);
    const std::uint32_t low = lower_case(sign.code);
    if (low == sign.code || (sign.bytes == 1 && sign.code >= 0x80)) {
      out += text.substr(0, sign.bytes);
    } else {
      append_utf8(out, low);
    }
    text.remove_prefix(sign.bytes);
  }
  return out;
}

// Cuts the text into runs of what `inside` accepts; `joins` says whether a sign between two keeps them
// together.
template <class Inside, class Joins>
std::vector<Token> runs(std::string_view text, Inside&& inside, Joins&& joins, bool ideographs_alone) {
  std::vector<Token> out;
  std::size_t begin = 0, i = 0;
  std::uint32_t before = 0;
  bool open = false;
  const auto close = [&](std::size_t end) {
    if (open) {
      out.push_back({std::string(text.substr(begin, end - begin)), static_cast<std::uint32_t>(out.size()),
                     static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end)});
    }
    open = false;
  };
  while (i < text.size()) {
    const Sign sign = sign_at(text.substr(i));
    const std::size_t next = i + sign.bytes;
    if (ideographs_alone && is_ideograph(sign.code)) {
      close(i);
      begin = i;
      open = true;
      close(next);
    } else if (inside(sign.code)) {
      if (!open) begin = i;
      open = true;
    } else if (!(open && next < text.size() && joins(before, sign.code, sign_at(text.substr(next)).code))) {
      close(i);
    }
    before = sign.code;
    i = next;
  }
  close(text.size());
  return out;
}

std::vector<Token> cut(Analyzer::Tokenizer tokenizer, std::string_view text) {
  const auto never = [](std::uint32_t, std::uint32_t, std::uint32_t) { return false; };
  switch (tokenizer) {
    case Analyzer::Tokenizer::keyword:
      return text.empty()
                 ? std::vector<Token>{}
                 : std::vector<Token>{{std::string(text), 0, 0, static_cast<std::uint32_t>(text.size())}};
    case Analyzer::Tokenizer::whitespace:
      return runs(
          text, [](std::uint32_t c) { return !is_space(c); }, never, false);
    case Analyzer::Tokenizer::simple:
      return runs(
          text, [](std::uint32_t c) { return c != '_' && is_letter(c); }, never, false);
    case Analyzer::Tokenizer::standard:
      break;
  }
  return runs(
      text, [](std::uint32_t c) { return is_letter(c) || is_digit(c); },
      [](std::uint32_t before, std::uint32_t c, std::uint32_t after) {
        const bool quote = c == '\'' || c == 0x2019;
        if (is_letter(before) && is_letter(after) && !is_ideograph(after)) return quote || c == '.';
        return is_digit(before) && is_digit(after) && (quote || c == '.' || c == ',');
      },
      true);
}

Error malformed(std::string message) {
  return make_error("malformed", std::move(message));
}

Expected<bool> read_grams(const Value& value, const char* name, Analyzer& a) {
  const bool pair = value.is_list() && value.list().size() == 2 && value.list()[0].is_number() &&
                    value.list()[1].is_number();
  const double low = pair ? value.list()[0].number() : 0, high = pair ? value.list()[1].number() : 0;
  if (!(low >= 1 && high >= low && high <= 50) ||
      low != static_cast<double>(static_cast<std::uint32_t>(low)) ||
      high != static_cast<double>(static_cast<std::uint32_t>(high))) {
    return malformed(std::string(name) + " is { min, max } with 1 <= min <= max <= 50");
  }
  a.grams = name == std::string_view("ngram") ? Analyzer::Grams::all : Analyzer::Grams::edge;
  a.gram_min = static_cast<std::uint32_t>(low);
  a.gram_max = static_cast<std::uint32_t>(high);
  return true;
}

const std::vector<std::string> kTokenizers = {"standard", "whitespace", "keyword", "simple"};

}  // namespace

const std::vector<std::string>& english_stop_words() {
  // Lucene's EnglishAnalyzer.
  static const std::vector<std::string> words = {
      "a",   "an",    "and",  "are",   "as",    "at",   "be",   "but", "by",  "for",  "if",
      "in",  "into",  "is",   "it",    "no",    "not",  "of",   "on",  "or",  "such", "that",
      "the", "their", "then", "there", "these", "they", "this", "to",  "was", "will", "with"};
  return words;
}

std::vector<Token> Analyzer::tokens(std::string_view text) const {
  std::vector<Token> out;
  for (Token& token : cut(tokenizer, text)) {
    if (lower) token.text = lowered(token.text);
    if (std::binary_search(stop.begin(), stop.end(), token.text)) continue;
    if (stem) token.text = porter_stem(std::move(token.text));
    if (grams == Grams::none) {
      out.push_back(std::move(token));
      continue;
    }
    std::vector<std::size_t> signs;  // where each begins, and the end
    for (std::size_t i = 0; i < token.text.size(); i += sign_at(std::string_view(token.text).substr(i)).bytes)
      signs.push_back(i);
    signs.push_back(token.text.size());
    const std::size_t n = signs.size() - 1;
    for (std::size_t from = 0; from < (grams == Grams::edge ? std::min<std::size_t>(n, 1) : n); ++from) {
      for (std::size_t length = gram_min; length <= gram_max && from + length <= n; ++length) {
        out.push_back({token.text.substr(signs[from], signs[from + length] - signs[from]), token.position,
                       token.start, token.end});
      }
    }
  }
  return out;
}

Expected<Analyzer> Analyzer::parse(const Value& value) {
  Analyzer a;
  const auto tokenizer_named = [&](const Value& name) -> bool {
    const auto found = name.is_string() ? std::find(kTokenizers.begin(), kTokenizers.end(), name.string())
                                        : kTokenizers.end();
    if (found == kTokenizers.end()) return false;
    a.tokenizer = static_cast<Tokenizer>(found - kTokenizers.begin());
    a.lower = a.tokenizer == Tokenizer::standard || a.tokenizer == Tokenizer::simple;
    return true;
  };
  if (value.is_nil()) return a;
  if (value.is_string()) {
    if (tokenizer_named(value)) return a;
    if (value == Value("english")) {
      a.stop = english_stop_words();
      a.stem = true;
      return a;
    }
    std::vector<std::string> names = kTokenizers;
    names.emplace_back("english");
    return malformed("there is no analyzer '" + std::string(value.string()) + "'" +
                     did_you_mean(value.string(), names));
  }
  if (!value.is_map())
    return malformed("an analyzer is a name or a table such as { tokenizer = 'standard' }");
  static const std::vector<std::string> known = {"edge_ngram", "lower", "ngram",
                                                 "stemmer",    "stop",  "tokenizer"};
  for (const auto& [field, given] : value.map()) {
    if (std::find(known.begin(), known.end(), field) == known.end()) {
      return malformed("an analyzer has no '" + field + "'" + did_you_mean(field, known));
    }
  }
  if (const Value& name = value["tokenizer"]; !name.is_nil() && !tokenizer_named(name)) {
    return malformed("there is no tokenizer " + name.json() +
                     (name.is_string() ? did_you_mean(name.string(), kTokenizers) : ""));
  }
  if (!value["lower"].is_nil()) a.lower = value["lower"].truthy();
  if (const Value& stop = value["stop"]; stop.is_list()) {
    for (const Value& word : stop.list()) {
      if (!word.is_string()) return malformed("stop is true, or a list of words");
      a.stop.emplace_back(word.string());
    }
    std::sort(a.stop.begin(), a.stop.end());
  } else if (stop.truthy()) {
    a.stop = english_stop_words();
  }
  if (const Value& stemmer = value["stemmer"]; !stemmer.is_nil()) {
    if (stemmer != Value("porter")) return malformed("the stemmer is 'porter'");
    a.stem = true;
  }
  for (const char* name : {"ngram", "edge_ngram"}) {
    if (value[name].is_nil()) continue;
    if (const auto ok = read_grams(value[name], name, a); !ok) return ok.error();
  }
  return a;
}

}  // namespace syslab
