package dev.tarn.backend;

/** Announces a backend to {@link java.util.ServiceLoader}; finding it must load nothing native. */
public interface BackendProvider {
  /** The name by which the backend is selected: {@code cpu}, {@code cuda}. */
  String name();

  /** The order in which {@code auto} tries backends: the highest first. */
  int priority();

  /**
   * Starts the backend.
   *
   * @throws BackendUnavailableException if it cannot run here, saying why and what to do
   */
  Backend open();
}
