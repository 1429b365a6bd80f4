/**
 * What the comparison measures, and the protocol between it and the programs it measures. Depends
 * on nothing.
 */
@NullMarked
package dev.tarn.benchmarks.engine;

import org.jspecify.annotations.NullMarked;
