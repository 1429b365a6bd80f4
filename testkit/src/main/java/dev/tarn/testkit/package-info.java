/**
 * The tests that every backend passes: cases for each operation, conformance against the reference
 * backend, and gradients against finite differences. Depends on {@code tarn-api} and JUnit.
 */
@NullMarked
package dev.tarn.testkit;

import org.jspecify.annotations.NullMarked;
