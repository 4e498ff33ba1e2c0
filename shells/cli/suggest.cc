#include "shells/cli/suggest.h"

#include <algorithm>
#include <cstddef>

namespace kinfolder {
namespace {

// Insertions, removals, replacements and swaps of neighbours that lead from `a` to `b`.
std::size_t Distance(const std::string& a, const std::string& b) {
  std::vector<std::vector<std::size_t>> cost(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) {
    for (std::size_t j = 0; j <= b.size(); ++j) {
      if (i == 0 || j == 0) {
        cost[i][j] = i + j;
        continue;
      }
      const std::size_t same = a[i - 1] == b[j - 1] ? 0 : 1;
      cost[i][j] = std::min({cost[i - 1][j] + 1, cost[i][j - 1] + 1, cost[i - 1][j - 1] + same});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
      }
    }
  }
  return cost[a.size()][b.size()];
}

}  // namespace

std::string Nearest(const std::string& typed, const std::vector<std::string>& known) {
  if (typed.size() > 64) return "";
  std::string best;
  std::size_t least = std::max<std::size_t>(1, typed.size() / 2) + 1;
  for (const std::string& each : known) {
    const bool begun = typed.size() >= 3 && each.starts_with(typed);
    const std::size_t distance = begun ? 0 : Distance(typed, each);
    if (distance < least) {
      least = distance;
      best = each;
    }
  }
  return best;
}

}  // namespace kinfolder
