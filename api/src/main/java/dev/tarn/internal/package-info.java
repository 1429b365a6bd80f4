/** What several packages of Tarn share and no user needs. Depends on nothing. */
@NullMarked
package dev.tarn.internal;

import org.jspecify.annotations.NullMarked;
