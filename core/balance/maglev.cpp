#include "core/balance/maglev.hpp"

#include "core/balance/placed_backends.hpp"
#include "core/base/assert.hpp"
#include "core/hash/maglev.hpp"

namespace syslab {
namespace {

std::unique_ptr<Placement> table_of(std::vector<PlacedNode> nodes) {
  std::unique_ptr<Placement> table = make_maglev();
  const std::string problem = table->reset(std::move(nodes));
  SYSLAB_ASSERT(problem.empty());  // 65537 backends
  return table;
}

class MaglevPicker final : public Picker {
 public:
  std::string_view name() const override { return "maglev"; }

  std::optional<std::size_t> pick(std::span<const Backend> backends, const Value& key, Rng& rng) override {
    if (backends.empty()) return std::nullopt;
    placed_.update(backends);
    const std::uint64_t hash = key.is_nil() ? rng.next() : hash_key(key);
    const std::size_t home = placed_.home(hash);
    if (backends[home].available) return home;
    for (const std::size_t i : placed_.all(hash)) {
      if (backends[i].available) return i;
    }
    return std::nullopt;
  }

 private:
  PlacedBackends placed_{table_of};
};

}  // namespace

std::unique_ptr<Picker> make_maglev_picker() {
  return std::make_unique<MaglevPicker>();
}

}  // namespace syslab
