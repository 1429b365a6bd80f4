package dev.tarn.testkit;

import dev.tarn.HostTensor;
import dev.tarn.Precision;
import dev.tarn.State;
import dev.tarn.backend.Backend;
import dev.tarn.backend.Executable;
import dev.tarn.backend.StateStore;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a case gave on a backend.
 *
 * @param outputs the outputs of each step
 * @param states what the states held after the last step
 */
public record CaseRun(List<List<HostTensor>> outputs, Map<State, HostTensor> states) {

  /** Runs every step of a case with a store and an executable of its own. */
  public static CaseRun of(Backend backend, OpCase opCase) {
    return of(backend, opCase, Precision.FP32);
  }

  /** Runs every step of a case in a precision with a store and an executable of its own. */
  public static CaseRun of(Backend backend, OpCase opCase, Precision precision) {
    try (StateStore store = backend.allocate(opCase.states());
        Executable executable = backend.compile(opCase.programs(), store, precision)) {
      return of(executable, store, opCase);
    }
  }

  /** Runs every step of a case from the initial states. */
  static CaseRun of(Executable executable, StateStore store, OpCase opCase) {
    store.reset(OpCase.SEED);
    List<List<HostTensor>> outputs = new ArrayList<>();
    for (int step = 1; step <= opCase.steps(); step++) {
      executable.run(arguments(executable, opCase.data(step)));
      outputs.add(executable.read().stream().map(HostTensor::copy).toList());
    }
    Map<State, HostTensor> states = new LinkedHashMap<>();
    store.snapshot().forEach((state, value) -> states.put(state, value.copy()));
    return new CaseRun(outputs, states);
  }

  /**
   * Runs a case on a backend, and fails unless that gives a reference's values, and the same bits
   * when it is run again.
   *
   * @param relative as {@link #assertClose} takes it
   */
  public static void assertAgrees(
      Backend backend, Backend reference, OpCase opCase, Precision precision, double relative) {
    CaseRun actual = of(backend, opCase, precision);
    actual.assertClose(of(reference, opCase, precision), relative);
    of(backend, opCase, precision).assertSameBits(actual);
  }

  /** The data of a run in the order in which an executable takes it. */
  static HostTensor[] arguments(Executable executable, Map<String, HostTensor> data) {
    return executable.inputs().stream()
        .map(input -> data.get(input.name()))
        .toArray(HostTensor[]::new);
  }

  /**
   * Fails unless another run gave the same values.
   *
   * @param relative how far values may be off, relative to the larger of one and the value
   */
  public void assertClose(CaseRun expected, double relative) {
    compare(expected, (want, got, where) -> Compare.assertClose(want, got, relative, where));
  }

  /** Fails unless another run gave the same bits. */
  public void assertSameBits(CaseRun expected) {
    compare(expected, Compare::assertSameBits);
  }

  private interface Check {
    void check(HostTensor want, HostTensor got, String where);
  }

  private void compare(CaseRun expected, Check check) {
    for (int step = 0; step < expected.outputs.size(); step++) {
      List<HostTensor> want = expected.outputs.get(step);
      List<HostTensor> got = outputs.get(step);
      if (want.size() != got.size()) {
        throw new AssertionError(got.size() + " outputs instead of " + want.size());
      }
      for (int i = 0; i < want.size(); i++) {
        check.check(want.get(i), got.get(i), "output " + i + " of step " + (step + 1));
      }
    }
    expected.states.forEach(
        (state, want) -> {
          HostTensor got = states.get(state);
          if (got == null) {
            throw new AssertionError("no value of state " + state);
          }
          check.check(want, got, "state " + state);
        });
  }
}
