#include "bindings/replicate/protocol.hpp"

#include <fmt/format.h>

namespace syslab {
namespace {

const Type protocol{describe_type<Protocol>("Protocol",
                                            "A replication protocol and its settings; w:replicas runs it.",
                                            {}, [](lua_State* L, int index) {
                                              const Protocol* p = object_at<Protocol>(L, index);
                                              return fmt::format("{}, {} replicas", p->name, p->count);
                                            })};

}  // namespace
}  // namespace syslab
