#include "core/store/search_stemmer.hpp"

#include <algorithm>
#include <initializer_list>
#include <string_view>

namespace syslab {
namespace {

// The paper's words: a consonant is a letter other than a, e, i, o, u, and other than a y after a consonant.
// Every word is [C](VC)^m[V], and m is its measure.
class Word {
 public:
  explicit Word(std::string text) : text_(std::move(text)) {}
  std::string take() { return std::move(text_); }

  bool consonant(std::size_t i) const {
    switch (text_[i]) {
      case 'a':
      case 'e':
      case 'i':
      case 'o':
      case 'u':
        return false;
      case 'y':
        return i == 0 || !consonant(i - 1);
      default:
        return true;
    }
  }

  // Of the first `length` letters.
  int measure(std::size_t length) const {
    int m = 0;
    std::size_t i = 0;
    while (i < length && consonant(i)) ++i;
    while (i < length) {
      while (i < length && !consonant(i)) ++i;
      if (i == length) break;
      ++m;
      while (i < length && consonant(i)) ++i;
    }
    return m;
  }
  bool has_vowel(std::size_t length) const {
    for (std::size_t i = 0; i < length; ++i) {
      if (!consonant(i)) return true;
    }
    return false;
  }
  // *d: ends with a double consonant.
  bool doubled() const {
    const std::size_t n = text_.size();
    return n >= 2 && text_[n - 1] == text_[n - 2] && consonant(n - 1);
  }
  // *o: ends consonant, vowel, consonant, the last none of w, x, y.
  bool cvc(std::size_t length) const {
    if (length < 3 || !consonant(length - 1) || consonant(length - 2) || !consonant(length - 3)) return false;
    const char last = text_[length - 1];
    return last != 'w' && last != 'x' && last != 'y';
  }

  bool ends(std::string_view suffix) const { return text_.ends_with(suffix); }
  std::size_t stem(std::string_view suffix) const { return text_.size() - suffix.size(); }
  void replace(std::string_view suffix, std::string_view with) {
    text_.resize(stem(suffix));
    text_ += with;
  }
  char last() const { return text_.back(); }
  std::size_t size() const { return text_.size(); }
  void chop() { text_.pop_back(); }
  void add(char c) { text_ += c; }

  struct Rule {
    std::string_view suffix;
    std::string_view with;
  };
  // Of the rules whose suffix fits, the one with the longest suffix counts, whether its condition holds or
  // not.
  template <class Condition>
  void apply(std::initializer_list<Rule> rules, Condition&& condition) {
    const Rule* best = nullptr;
    for (const Rule& rule : rules) {
      if (ends(rule.suffix) && (best == nullptr || rule.suffix.size() > best->suffix.size())) best = &rule;
    }
    if (best != nullptr && condition(*best)) replace(best->suffix, best->with);
  }

 private:
  std::string text_;
};

}  // namespace

std::string porter_stem(std::string word) {
  if (word.size() <= 2 ||
      !std::all_of(word.begin(), word.end(), [](char c) { return c >= 'a' && c <= 'z'; })) {
    return word;
  }
  Word w(std::move(word));
  const auto always = [](const Word::Rule&) { return true; };
  const auto above = [&w](int m) {
    return [&w, m](const Word::Rule& rule) { return w.measure(w.stem(rule.suffix)) > m; };
  };

  // Step 1a: plurals.
  w.apply({{"sses", "ss"}, {"ies", "i"}, {"ss", "ss"}, {"s", ""}}, always);

  // Step 1b: -ed and -ing.
  bool tidy = false;
  if (w.ends("eed")) {
    if (w.measure(w.stem("eed")) > 0) w.chop();
  } else {
    for (const std::string_view suffix : {"ed", "ing"}) {
      if (!w.ends(suffix)) continue;
      if (w.has_vowel(w.stem(suffix))) {
        w.replace(suffix, "");
        tidy = true;
      }
      break;
    }
  }
  if (tidy) {
    if (w.ends("at") || w.ends("bl") || w.ends("iz")) {
      w.add('e');
    } else if (w.doubled() && w.last() != 'l' && w.last() != 's' && w.last() != 'z') {
      w.chop();
    } else if (w.measure(w.size()) == 1 && w.cvc(w.size())) {
      w.add('e');
    }
  }

  // Step 1c.
  if (w.ends("y") && w.has_vowel(w.stem("y"))) w.replace("y", "i");

  // Step 2: double suffixes.
  w.apply({{"ational", "ate"}, {"tional", "tion"}, {"enci", "ence"}, {"anci", "ance"}, {"izer", "ize"},
           {"abli", "able"},   {"alli", "al"},     {"entli", "ent"}, {"eli", "e"},     {"ousli", "ous"},
           {"ization", "ize"}, {"ation", "ate"},   {"ator", "ate"},  {"alism", "al"},  {"iveness", "ive"},
           {"fulness", "ful"}, {"ousness", "ous"}, {"aliti", "al"},  {"iviti", "ive"}, {"biliti", "ble"}},
          above(0));

  // Step 3.
  w.apply({{"icate", "ic"},
           {"ative", ""},
           {"alize", "al"},
           {"iciti", "ic"},
           {"ical", "ic"},
           {"ful", ""},
           {"ness", ""}},
          above(0));

  // Step 4: what is left of them.
  w.apply({{"al", ""},
           {"ance", ""},
           {"ence", ""},
           {"er", ""},
           {"ic", ""},
           {"able", ""},
           {"ible", ""},
           {"ant", ""},
           {"ement", ""},
           {"ment", ""},
           {"ent", ""},
           {"ion", ""},
           {"ou", ""},
           {"ism", ""},
           {"ate", ""},
           {"iti", ""},
           {"ous", ""},
           {"ive", ""},
           {"ize", ""}},
          [&](const Word::Rule& rule) {
            const std::size_t stem = w.stem(rule.suffix);
            if (w.measure(stem) <= 1) return false;
            if (rule.suffix != "ion") return true;
            Word without = w;
            without.replace("ion", "");
            return without.last() == 's' || without.last() == 't';
          });

  // Step 5: a final -e, and -ll.
  if (w.ends("e")) {
    const int m = w.measure(w.stem("e"));
    if (m > 1 || (m == 1 && !w.cvc(w.stem("e")))) w.chop();
  }
  if (w.last() == 'l' && w.doubled() && w.measure(w.size()) > 1) w.chop();
  return w.take();
}

}  // namespace syslab
