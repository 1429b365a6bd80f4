package dev.tarn.nn;

import dev.tarn.Mode;
import dev.tarn.ShapeException;
import dev.tarn.Tensor;
import dev.tarn.ir.Origin;
import org.jspecify.annotations.Nullable;

/**
 * Modules one after another whose input is added to their output: {@code y = f(x) + x}, or {@code y
 * = f(x) + shortcut(x)} (He et al. 2016).
 *
 * <p>A shortcut is needed where {@code f} changes the shape; usually it is a convolution of 1 x 1
 * with the stride of {@code f}. Nothing follows the sum: an activation is a layer of its own.
 */
public final class Residual extends Sequential {
  private @Nullable Module shortcut;

  /** An empty block: add the modules of {@code f} to it. */
  public Residual() {}

  /** A block of modules, named by their positions from 0. */
  public static Residual of(Module... modules) {
    Residual block = new Residual();
    for (int i = 0; i < modules.length; i++) {
      block.add(String.valueOf(i), modules[i]);
    }
    return block;
  }

  @Override
  public Residual add(String name, Module module) {
    super.add(name, module);
    return this;
  }

  @Override
  public Residual add(String name, Module module, Origin origin) {
    super.add(name, module, origin);
    return this;
  }

  @Override
  public Residual share(Module module, Origin origin) {
    super.share(module, origin);
    return this;
  }

  /** Sets what the input goes through before it is added; its name in paths is {@code shortcut}. */
  public Residual shortcut(Module module) {
    shortcut = child("shortcut", module);
    return this;
  }

  /** What the input goes through before it is added, or null if it stays as it is. */
  public @Nullable Module shortcut() {
    return shortcut;
  }

  /**
   * {@inheritDoc}
   *
   * @throws ShapeException if the two terms of the sum have other shapes
   */
  @Override
  public Tensor forward(Tensor x, Mode mode) {
    return recorded(x, () -> sum(x, mode));
  }

  private Tensor sum(Tensor x, Mode mode) {
    Tensor change = super.forward(x, mode);
    Tensor kept = shortcut == null ? x : shortcut.pass(x, mode);
    if (!change.shape().equals(kept.shape())) {
      throw x.trace()
          .failure(
              "residual "
                  + path()
                  + (": its layers give " + change.shape())
                  + (shortcut == null ? ", its input is " : ", its shortcut gives ")
                  + kept.shape()
                  + (shortcut == null ? "; give it a shortcut that ends with the same shape" : ""));
    }
    return change.add(kept);
  }
}
