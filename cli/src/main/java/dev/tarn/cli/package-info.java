/** The command line {@code tarn}. Nothing depends on it. */
@NullMarked
package dev.tarn.cli;

import org.jspecify.annotations.NullMarked;
