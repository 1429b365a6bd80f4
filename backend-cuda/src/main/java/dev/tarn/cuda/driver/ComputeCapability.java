package dev.tarn.cuda.driver;

/**
 * The generation of a GPU, which decides the code it runs.
 *
 * @param major such as 9 of Hopper's 9.0
 * @param minor such as 0 of it
 */
public record ComputeCapability(int major, int minor) {
  /** Returns both digits, such as {@code 90}, as compilers name it in {@code sm_90}. */
  public int number() {
    return 10 * major + minor;
  }

  /** Returns the usual notation, such as {@code 9.0}. */
  @Override
  public String toString() {
    return major + "." + minor;
  }
}
