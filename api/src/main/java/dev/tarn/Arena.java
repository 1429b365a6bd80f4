package dev.tarn;

import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;

/**
 * A state that is a flat f32 vector in which other states lie one after another.
 *
 * <p>The parameters of one optimizer group lie in one arena, their gradients and moments in others
 * with the same offsets, so that an optimizer is one elementwise kernel over whole arenas. Each
 * member begins at a multiple of {@link #ALIGNMENT} elements; the gaps hold zeros.
 */
public final class Arena extends State {
  /** Members begin at multiples of this many elements (128 bytes). */
  public static final int ALIGNMENT = 32;

  /** What a Java array holds, in whole pieces. */
  private static final int MOST = Integer.MAX_VALUE / ALIGNMENT * ALIGNMENT - ALIGNMENT;

  private final List<State> members;
  private final Map<State, Integer> offsets;

  private Arena(
      String name, int length, List<? extends State> members, Map<State, Integer> offsets) {
    super(() -> name, Spec.f32(length), seed -> initial(length, members, offsets, seed));
    this.members = List.copyOf(members);
    this.offsets = offsets;
  }

  /**
   * An arena that holds the given f32 states in order.
   *
   * @throws ShapeException if a member is not f32, or all together are more than a Java array holds
   */
  public static Arena of(String name, List<? extends State> members) {
    Map<State, Integer> offsets = new IdentityHashMap<>();
    int length = 0;
    for (State member : members) {
      if (member.spec().dtype() != DType.F32) {
        throw new ShapeException("arena " + name + ": " + member + " is not f32");
      }
      offsets.put(member, length);
      long next = length + roundUp(member.spec().shape().size());
      if (next > MOST) {
        throw new ShapeException(
            String.format(
                Locale.ROOT,
                "with %s there are %,d parameters; a model can have %,d",
                member,
                next,
                MOST));
      }
      length = (int) next;
    }
    return new Arena(name, length, members, offsets);
  }

  /** An arena of zeros with the same layout as this one, its members named after this one's. */
  public Arena like(String name, Function<String, String> memberName) {
    List<State> copies = new ArrayList<>();
    for (State member : members) {
      Spec spec = member.spec();
      copies.add(
          new State(() -> memberName.apply(member.name()), spec, seed -> HostTensor.zeros(spec)));
    }
    return of(name, copies);
  }

  /** The members in order. */
  public List<State> members() {
    return members;
  }

  /** The offset of a member, in elements. */
  public int offset(State member) {
    return offsets.get(member);
  }

  private static long roundUp(long size) {
    return (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  }

  private static HostTensor initial(
      int length, List<? extends State> members, Map<State, Integer> offsets, long seed) {
    float[] out = new float[length];
    for (State member : members) {
      float[] values = member.initial(seed).floats();
      System.arraycopy(values, 0, out, offsets.get(member), values.length);
    }
    return HostTensor.of(out, length);
  }
}
