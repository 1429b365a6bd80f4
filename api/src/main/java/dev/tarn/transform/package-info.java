/**
 * Pure passes over programs, and the planner of memory.
 *
 * <p>{@link dev.tarn.transform.Gradient} appends to a trace; {@link dev.tarn.transform.Simplify},
 * {@link dev.tarn.transform.PoolBeforeRelu}, {@link dev.tarn.transform.MixedPrecision} and {@link
 * dev.tarn.transform.FuseElementwise} turn a program into a program; {@link
 * dev.tarn.transform.MemoryPlanner} knows buffers only. Depends on {@code dev.tarn} and {@code
 * dev.tarn.ir}.
 */
@NullMarked
package dev.tarn.transform;

import org.jspecify.annotations.NullMarked;
