package dev.tarn.internal;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/** Known-answer vectors: those of Random123's kat_vectors for philox4x32-10. */
class PhiloxTests {
  private static int[] words(int k0, int k1, int c0, int c1, int c2, int c3) {
    int[] out = new int[4];
    Philox.words(k0, k1, c0, c1, c2, c3, out);
    return out;
  }

  @Test
  void knownAnswers() {
    assertArrayEquals(
        new int[] {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}, words(0, 0, 0, 0, 0, 0));
    assertArrayEquals(
        new int[] {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}, words(-1, -1, -1, -1, -1, -1));
    assertArrayEquals(
        new int[] {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1},
        words(0xa4093822, 0x299f31d0, 0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344));
  }

  /** FNV-1a with 64 bits: the published values of the empty text, "a" and "foobar". */
  @Test
  void streams() {
    assertEquals(0xcbf29ce484222325L, Philox.stream(""));
    assertEquals(0xaf63dc4c8601ec8cL, Philox.stream("a"));
    assertEquals(0x85944171f73967e8L, Philox.stream("foobar"));
  }

  @Test
  void sequences() {
    RandomStream random = new RandomStream(5, "weights");
    RandomStream same = new RandomStream(5, "weights");
    RandomStream other = new RandomStream(6, "weights");
    double sum = 0;
    double squares = 0;
    boolean differs = false;
    for (int i = 0; i < 20000; i++) {
      double x = random.nextGaussian();
      assertEquals(x, same.nextGaussian());
      differs |= x != other.nextGaussian();
      sum += x;
      squares += x * x;
    }
    assertTrue(differs);
    assertEquals(0, sum / 20000, 0.03);
    assertEquals(1, squares / 20000, 0.05);
    assertNotEquals(new RandomStream(5, "a").nextInt(), new RandomStream(5, "b").nextInt());
  }

  @Test
  void permutations() {
    int[] order = new RandomStream(1, "shuffle").permutation(1000);
    boolean[] seen = new boolean[1000];
    int fixed = 0;
    for (int i = 0; i < order.length; i++) {
      assertTrue(!seen[order[i]]);
      seen[order[i]] = true;
      fixed += order[i] == i ? 1 : 0;
    }
    assertTrue(fixed < 10, fixed + " fixed points");
  }
}
