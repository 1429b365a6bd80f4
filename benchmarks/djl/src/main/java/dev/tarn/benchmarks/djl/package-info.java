/** DJL with PyTorch as an engine of the comparison. Knows nothing of Tarn. */
@NullMarked
package dev.tarn.benchmarks.djl;

import org.jspecify.annotations.NullMarked;
