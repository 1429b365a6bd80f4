package dev.tarn.backend;

import java.util.List;

/** Announces a backend to {@link java.util.ServiceLoader}; finding it must load nothing native. */
public interface BackendProvider {
  /** The name by which the backend is selected: {@code cpu}, {@code cuda}. */
  String name();

  /** The order in which {@code auto} tries backends: the highest first. */
  int priority();

  /**
   * Does what {@link #open} would do first and keeps for all that are opened, such as loading
   * native libraries. It returns at once where there is no such thing.
   *
   * @throws BackendUnavailableException if the backend cannot run here
   */
  default void preload() {}

  /**
   * Starts the backend, on the first device where there are several.
   *
   * @throws BackendUnavailableException if it cannot run here, saying why and what to do
   */
  Backend open();

  /**
   * Starts the backend on the device with the most free memory: what {@code auto} does.
   *
   * @throws BackendUnavailableException if it cannot run here, saying why and what to do
   */
  default Backend openEmptiest() {
    return open();
  }

  /**
   * The number of devices, each of which {@link #open(int)} may be asked for; 1 also if it cannot
   * run here.
   */
  default int count() {
    return 1;
  }

  /**
   * Starts the backend on one of several devices.
   *
   * @param device the number of the device, from 0
   * @throws BackendUnavailableException if there is no such device or it cannot be used
   */
  default Backend open(int device) {
    if (device == 0) {
      return open();
    }
    throw new BackendUnavailableException(
        "there is no device " + name() + ":" + device + "; use " + name(), List.of());
  }
}
