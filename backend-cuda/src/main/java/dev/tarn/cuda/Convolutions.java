package dev.tarn.cuda;

import dev.tarn.backend.Schedule;
import dev.tarn.ir.Program;

/** What the lowerings of a program's convolutions share. */
record Convolutions(
    Schedule<Step> schedule,
    Kernels kernels,
    Images images,
    PackedKernels packed,
    ChannelSums channelSums,
    WeightSums weightSums) {

  /**
   * For the convolutions of a program.
   *
   * @param keepAll whether every value is wanted at the end of its node
   */
  static Convolutions of(
      Schedule<Step> schedule,
      Kernels kernels,
      Images images,
      ChannelSums channelSums,
      Program program,
      boolean keepAll) {
    WeightSums sums = new WeightSums(kernels, program, keepAll);
    PackedKernels packed = new PackedKernels(schedule, kernels, images, sums, program);
    return new Convolutions(schedule, kernels, images, packed, channelSums, sums);
  }
}
