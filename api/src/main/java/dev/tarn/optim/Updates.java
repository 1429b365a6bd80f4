package dev.tarn.optim;

import dev.tarn.internal.NamePattern;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How a training's parameters follow their gradients: which optimizer each has, what is done to the
 * gradients first, and after how many batches.
 *
 * <p>Gradients are averaged over the batches of an update, then clipped by value, then by norm.
 * Optimizers add their penalties afterwards.
 *
 * @param optimizer the optimizer of parameters that no group names
 * @param groups parameters that are treated otherwise; the first that matches decides
 * @param clipValue the largest magnitude of a gradient's element, or 0 for no limit
 * @param clipNorm the largest Euclidean norm of all gradients together, or 0 for no limit
 * @param accumulate the number of batches of an update. The gradient is that of the mean over all
 *     their examples, as if they were one batch. An epoch's last update takes the batches that are
 *     left.
 */
public record Updates(
    Optimizer optimizer, List<Group> groups, double clipValue, double clipNorm, int accumulate) {
  /**
   * Parameters by name, and what is done with them.
   *
   * @param match a name such as {@code encoder.fc1.weight}; {@code *} stands for any characters
   * @param optimizer their optimizer, or null to leave them as they are
   */
  public record Group(String match, @Nullable Optimizer optimizer) {
    /** Whether the group has a parameter of that name. */
    public boolean matches(String name) {
      return NamePattern.matches(match, name);
    }
  }

  /** Checks the ranges. */
  public Updates {
    groups = List.copyOf(groups);
    Ranges.notNegative("updates", "clip_value", clipValue);
    Ranges.notNegative("updates", "clip_norm", clipNorm);
    Ranges.count("updates", "accumulate", accumulate);
  }

  /** One optimizer for all parameters, after each batch. */
  public static Updates of(Optimizer optimizer) {
    return new Updates(optimizer, List.of(), 0, 0, 1);
  }

  /** With another optimizer for the parameters whose names match. */
  public Updates group(String match, Optimizer other) {
    return with(new Group(match, other));
  }

  /** With the parameters whose names match left as they are. */
  public Updates freeze(String match) {
    return with(new Group(match, null));
  }

  private Updates with(Group group) {
    List<Group> more = new ArrayList<>(groups);
    more.add(group);
    return new Updates(optimizer, more, clipValue, clipNorm, accumulate);
  }

  /** With each element of the gradients limited to {@code [-limit, limit]}. */
  public Updates clipValue(double limit) {
    return new Updates(optimizer, groups, limit, clipNorm, accumulate);
  }

  /**
   * With the gradients shortened together to a norm (Pascanu, Mikolov and Bengio 2013): {@code g =
   * g min(1, limit / (|g| + 1e-6))}, as PyTorch's clip_grad_norm_.
   */
  public Updates clipNorm(double limit) {
    return new Updates(optimizer, groups, clipValue, limit, accumulate);
  }

  /** With an update after so many batches. */
  public Updates accumulate(int batches) {
    return new Updates(optimizer, groups, clipValue, clipNorm, batches);
  }

  /** The optimizer if nothing else is set. */
  @Override
  public String toString() {
    return equals(of(optimizer))
        ? optimizer.toString()
        : String.format(
            "Updates[optimizer=%s, groups=%s, clipValue=%s, clipNorm=%s, accumulate=%s]",
            optimizer, groups, clipValue, clipNorm, accumulate);
  }
}
