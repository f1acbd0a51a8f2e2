// Cuckoo filter: a table of short fingerprints, each in one of two buckets of four; keys can be taken out.
//
//     bucket i1 = part of the hash          [fp|fp|  |fp]
//     bucket i2 = i1 xor hash(fingerprint)  [fp|  |fp|fp]   from either bucket the fingerprint leads to the
//     other
//
// A key whose buckets are both full throws out a fingerprint, which goes to its other bucket, and so on, up
// to 500 times; then the filter is full: everything is put back, and add() says no. That happens at some 95 %
// of the slots. A stranger is reported with probability 1 - (1 - 1/(2^f - 1))^(8 load): about 8 / 2^f when
// full. Equal keys share two buckets, so a key can be added eight times at most.
//
// Merging is not defined: the union may have no room. Cost: contains O(1), two cache misses; add O(1)
// amortised until some 90 % load, then more; f bits a slot, in a number of buckets that is a power of two: f
// / load bits a key, and up to twice as many where the capacity is just above a power of two. Deterministic:
// who is thrown out depends on the keys only. Paper: Fan, Andersen, Kaminsky & Mitzenmacher, "Cuckoo filter:
// practically better than Bloom", CoNEXT 2014. Deviation: the paper's filter forgets the last fingerprint
// when it gives up; this one undoes the moves.
#pragma once

#include "core/sketch/membership.hpp"

namespace syslab {

struct CuckooOptions {
  std::uint64_t buckets = 256;  // a power of two
  int fingerprint_bits = 12;    // 4 to 32
};

// The size for `capacity` keys at 95 % load or less, and a false positive rate at that load. The fingerprint
// is never longer than 32 bits, which reach a rate of 1.9e-9. Requires: 1 <= capacity <= 2^36, 0 < rate < 1.
CuckooOptions cuckoo_for(double capacity, double rate);

// Requires: buckets is a power of two, at most 2^32; 4 <= fingerprint_bits <= 32.
std::unique_ptr<MembershipFilter> make_cuckoo_filter(const CuckooOptions& options);

}  // namespace syslab
