package dev.tarn.backend;

import dev.tarn.ir.Node;
import org.jspecify.annotations.Nullable;

/**
 * How long a piece of a compiled step took.
 *
 * @param program the name of the program it belongs to; empty for the step's inputs
 * @param node the node it computes, as the backend fused it; null for inputs and copies
 * @param nanos nanoseconds
 */
public record StepTime(String program, @Nullable Node node, double nanos) {}
