package dev.tarn.train;

/** How the values of classes become one. */
public enum Average {
  /** The mean over the classes that occur among targets or predictions. */
  MACRO,
  /** From the counts of all classes together; for classes that exclude each other, the accuracy. */
  MICRO,
  /** Not at all: one value for each class, called for instance {@code f1.3}. */
  PER_CLASS;

  @Override
  public String toString() {
    return name().toLowerCase(java.util.Locale.ROOT);
  }
}
