package dev.tarn.cuda;

import dev.tarn.cuda.driver.Command;
import java.util.List;
import java.util.function.IntFunction;

/** A step of which several kernels give the same bits: the fastest is found out on the device. */
final class TunedStep {
  private TunedStep() {}

  /**
   * The step.
   *
   * @param key what the choice depends on, beside the device
   * @param candidates that read and write the same; the first runs where nothing can be measured
   */
  static Step of(String key, List<Step> candidates) {
    List<Step> all = List.copyOf(candidates);
    Step first = all.get(0);
    // Measuring runs a candidate on what the operands' memory happens to hold.
    boolean safe = first.writes().stream().allMatch(buffer -> buffer.state() == null);
    return new Step(
        first.name(),
        first.reads(),
        first.writes(),
        first.flops(),
        new Step.Binder() {
          @Override
          public Command bind(Binding binding) {
            IntFunction<Command> bound = i -> all.get(i).binder().bind(binding);
            return bound.apply(safe ? binding.backend().tuner().choose(key, all.size(), bound) : 0);
          }

          @Override
          public void request(Tuner tuner) {
            for (int i : safe ? tuner.tried(key, all.size()) : new int[] {0}) {
              all.get(i).binder().request(tuner);
            }
          }
        });
  }
}
