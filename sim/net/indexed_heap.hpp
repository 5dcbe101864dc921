// A priority queue of small integers (flows, links) whose keys move: the smallest key is on top, and any item can be
// moved or taken out. A 4-ary heap in one vector, with each item's place beside it. Equal keys stay where they are, so
// that a crowd with one key costs no sifting.
#pragma once

#include <cstdint>
#include <vector>

namespace orrery::net {

template <class Key>
class IndexedHeap {
 public:
  bool empty() const { return entries_.empty(); }
  std::size_t size() const { return entries_.size(); }
  std::uint32_t top() const { return entries_.front().item; }
  Key top_key() const { return entries_.front().key; }
  bool contains(std::uint32_t item) const { return item < places_.size() && places_[item] != kAbsent; }

  /// Puts `item` in, or moves it to a new key.
  void set(std::uint32_t item, Key key) {
    if (item >= places_.size()) places_.resize(item + 1 + item / 2, kAbsent);
    if (places_[item] == kAbsent) {
      entries_.push_back({});
      sift_up(entries_.size() - 1, {key, item});
    } else {
      const std::size_t place = places_[item];
      entries_[place].key > key ? sift_up(place, {key, item}) : sift_down(place, {key, item});
    }
  }
  void pop() { take_out(0); }
  /// Nothing happens if it is not in.
  void erase(std::uint32_t item) {
    if (contains(item)) take_out(places_[item]);
  }

 private:
  struct Entry {
    Key key;
    std::uint32_t item;
  };
  static constexpr std::uint32_t kAbsent = UINT32_MAX;
  static constexpr std::size_t kArity = 4;

  void put(std::size_t place, Entry entry) {
    entries_[place] = entry;
    places_[entry.item] = static_cast<std::uint32_t>(place);
  }
  void take_out(std::size_t place) {
    places_[entries_[place].item] = kAbsent;
    const Entry last = entries_.back();
    entries_.pop_back();
    if (place == entries_.size()) return;
    place != 0 && entries_[(place - 1) / kArity].key > last.key ? sift_up(place, last) : sift_down(place, last);
  }
  void sift_up(std::size_t place, Entry entry) {
    while (place != 0) {
      const std::size_t parent = (place - 1) / kArity;
      if (!(entries_[parent].key > entry.key)) break;
      put(place, entries_[parent]);
      place = parent;
    }
    put(place, entry);
  }
  void sift_down(std::size_t place, Entry entry) {
    for (;;) {
      const std::size_t first = kArity * place + 1;
      if (first >= entries_.size()) break;
      const std::size_t end = first + kArity < entries_.size() ? first + kArity : entries_.size();
      std::size_t least = first;
      for (std::size_t child = first + 1; child < end; ++child) {
        if (entries_[child].key < entries_[least].key) least = child;
      }
      if (!(entries_[least].key < entry.key)) break;
      put(place, entries_[least]);
      place = least;
    }
    put(place, entry);
  }

  std::vector<Entry> entries_;
  std::vector<std::uint32_t> places_;
};

}  // namespace orrery::net
