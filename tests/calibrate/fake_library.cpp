// The library that the tests of the search at run time find.
extern "C" int orrery_fake_answer() {
  return 42;
}
