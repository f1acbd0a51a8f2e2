#include "core/id/audit.hpp"

#include <algorithm>

#include "core/id/decimal.hpp"

namespace syslab {
namespace {

template <class T>
void count(std::vector<T>& ids, IdAudit& audit) {
  audit.ids = ids.size();
  for (std::size_t i = 1; i < ids.size(); ++i) audit.descents += ids[i] < ids[i - 1];
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  audit.different = ids.size();
  audit.duplicates = audit.ids - audit.different;
}

}  // namespace

IdAudit audit_ids(std::vector<std::string> ids) {
  IdAudit audit;
  if (ids.empty()) return audit;
  std::vector<std::uint64_t> numbers;
  for (const std::string& id : ids) {
    const Expected<std::uint64_t> number = read_decimal(id);
    if (!number) break;
    numbers.push_back(*number);
  }
  if (numbers.size() < ids.size()) {
    count(ids, audit);
    audit.smallest = ids.front();
    audit.largest = ids.back();
    return audit;
  }
  count(numbers, audit);
  for (std::size_t i = 1; i < numbers.size(); ++i) {
    const std::uint64_t between = numbers[i] - numbers[i - 1] - 1;
    audit.missing += between;
    audit.gaps += between > 0;
  }
  audit.smallest = write_decimal(numbers.front());
  audit.largest = write_decimal(numbers.back());
  return audit;
}

}  // namespace syslab
