/**
 * Pictures of a training and a self-contained report in HTML; depends on the API and a chart
 * library, and nothing of Tarn but the command line depends on it.
 */
@NullMarked
package dev.tarn.report;

import org.jspecify.annotations.NullMarked;
