package dev.tarn.testkit;

import dev.tarn.backend.Backend;

/** Passes, schedule, in-place updates and memory plan change no result. */
class ScheduledBackendTests extends BackendConformance {
  @Override
  protected Backend open() {
    return new ScheduledBackend();
  }
}
