// Random things that happen to an agent on a bench, each named by one number, so that a list of
// numbers is a whole history and a shorter list a smaller one.
//
// Acts are what can happen in a world where everything may fail; wild events are what cannot: ids
// of nothing, answers nobody asked for, ancestries of nonsense.
#pragma once

#include <cstdint>
#include <string>

#include "core/agent/testing/bench.h"

namespace kinfolder {

// A bench whose limits are so low that a few files make use of all of them.
void MakeSmall(Bench& bench, std::uint32_t choice);

void Act(Bench& bench, std::uint32_t choice);

// An event made of numbers only; its ids are those of pending effects more often than not.
EventBody WildEvent(const Bench& bench, std::uint32_t choice);

// Everything is well again, and a long time passes. What is not as it should be then, in words.
std::string FaultsAtRest(Bench& bench);

}  // namespace kinfolder
