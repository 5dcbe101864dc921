// A doubly linked list whose links live in the listed objects: no allocation to join, O(1) to leave from
// anywhere, and leaving is automatic when an object or the list dies. Waiters of synchronisation objects,
// permits of a semaphore and the processes of a simulator are kept this way, because destroying a process
// (cancellation) must take its frame out of every list it stands in.
#pragma once

namespace orrery::kernel {

/// Base of a listed object. Not copied; a move takes over the place in the list.
class ListNode {
 public:
  ListNode() = default;
  ListNode(ListNode&& other) noexcept { take_place_of(other); }
  ListNode& operator=(ListNode&& other) noexcept {
    if (this != &other) {
      unlink();
      take_place_of(other);
    }
    return *this;
  }
  ~ListNode() { unlink(); }

  bool linked() const { return next_ != nullptr; }
  void unlink() {
    if (next_ == nullptr) return;
    previous_->next_ = next_;
    next_->previous_ = previous_;
    previous_ = next_ = nullptr;
  }

 private:
  template <class T>
  friend class IntrusiveList;

  void insert_before(ListNode& place) {
    next_ = &place;
    previous_ = place.previous_;
    previous_->next_ = this;
    place.previous_ = this;
  }
  void take_place_of(ListNode& other) {
    if (!other.linked()) return;
    insert_before(other);
    other.unlink();
  }

  ListNode* previous_ = nullptr;
  ListNode* next_ = nullptr;
};

/// List of T, which derives from ListNode. Owns nothing. Its end is a node of its own, so links are never
/// null.
template <class T>
class IntrusiveList {
 public:
  IntrusiveList() { end_.previous_ = end_.next_ = &end_; }
  IntrusiveList(const IntrusiveList&) = delete;
  IntrusiveList& operator=(const IntrusiveList&) = delete;
  ~IntrusiveList() {
    while (!empty()) end_.next_->unlink();
    end_.previous_ = end_.next_ = nullptr;
  }

  bool empty() const { return end_.next_ == &end_; }
  T& front() { return *static_cast<T*>(end_.next_); }
  T& back() { return *static_cast<T*>(end_.previous_); }
  void push_back(T& item) { static_cast<ListNode&>(item).insert_before(end_); }
  void push_front(T& item) { static_cast<ListNode&>(item).insert_before(*end_.next_); }

  /// Puts `item` behind the last one for which `stays_before(other)` holds, searching from the back.
  template <class Predicate>
  void insert_sorted(T& item, Predicate stays_before) {
    ListNode* place = &end_;
    while (place->previous_ != &end_ && !stays_before(*static_cast<const T*>(place->previous_))) {
      place = place->previous_;
    }
    static_cast<ListNode&>(item).insert_before(*place);
  }

  template <class Visitor>
  void for_each(Visitor visit) const {
    for (const ListNode* node = end_.next_; node != &end_; node = node->next_)
      visit(*static_cast<const T*>(node));
  }

 private:
  ListNode end_;
};

}  // namespace orrery::kernel
