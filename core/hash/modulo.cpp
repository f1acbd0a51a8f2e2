#include "core/hash/modulo.hpp"

namespace syslab {

std::unique_ptr<Placement> make_modulo() {
  return std::make_unique<Modulo>();
}

}  // namespace syslab
