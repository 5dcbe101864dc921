// 1,797 handwritten digits of 8 x 8 pixels, part of the program: real data for a lecture, a test or a browser, with
// nothing to install. They are the test set of "Optical Recognition of Handwritten Digits" of the UCI Machine Learning
// Repository (E. Alpaydin and C. Kaynak, 1998, doi:10.24432/C50P49, licence CC BY 4.0), as scikit-learn ships it: each
// pixel counts the dark ones (0 .. 16) in a 4 x 4 block of a 32 x 32 scan.
#pragma once

#include "workloads/learn/dataset.hpp"

namespace orrery::learn {

/// Pixels scaled to [0, 1]; 1,437 training and 360 test images, split by a fixed shuffle.
Dataset digits_dataset();

}  // namespace orrery::learn
