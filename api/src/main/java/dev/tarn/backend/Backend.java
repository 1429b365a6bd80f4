package dev.tarn.backend;

import dev.tarn.Precision;
import dev.tarn.State;
import dev.tarn.ir.Program;
import java.util.List;

/** A device that keeps states and runs programs. */
public interface Backend extends AutoCloseable {
  /** The name by which it is selected: {@code reference}, {@code cpu} or {@code cuda}. */
  String name();

  /** One line about the device, library versions and threads, for logs and checkpoints. */
  String description();

  /**
   * Makes room for states; their values are undefined until {@link StateStore#reset} or {@link
   * StateStore#write}.
   *
   * @param states the states; an arena brings its members
   */
  StateStore allocate(List<? extends State> states);

  /**
   * Prepares programs to be run one after another as one step.
   *
   * <p>Inputs with the same name are one input. A later program sees the updates of an earlier one.
   *
   * @param programs the programs, in order, as they were traced
   * @param store where their states live
   * @param precision how exactly products are computed; what it means here is in {@code
   *     docs/precision.md}
   * @throws DeviceMemoryException if the device has too little memory free, before any of it is
   *     taken
   */
  Executable compile(List<Program> programs, StateStore store, Precision precision);

  /**
   * The bytes of device memory that {@link #compile} would take, found by planning alone.
   *
   * @return the bytes, or 0 where programs run in the host's memory
   */
  default long forecast(List<Program> programs, StateStore store, Precision precision) {
    return 0;
  }

  /** Prepares programs to be run in f32. */
  default Executable compile(List<Program> programs, StateStore store) {
    return compile(programs, store, Precision.FP32);
  }

  /**
   * Releases the device. Close stores and executables before; who goes on with them, or with the
   * backend, gets an {@link IllegalStateException}.
   */
  @Override
  void close();
}
