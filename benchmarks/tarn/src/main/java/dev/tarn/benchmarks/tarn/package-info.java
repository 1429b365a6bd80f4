/** Tarn as an engine of the comparison, and the comparison itself. Depends on Tarn's api. */
@NullMarked
package dev.tarn.benchmarks.tarn;

import org.jspecify.annotations.NullMarked;
