/**
 * What a backend is: allocation of states, compilation of programs, execution and inspection; and
 * what backends share when they lower a program.
 */
@NullMarked
package dev.tarn.backend;

import org.jspecify.annotations.NullMarked;
