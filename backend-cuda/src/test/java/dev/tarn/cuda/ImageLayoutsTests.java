package dev.tarn.cuda;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tarn.HostTensor;
import dev.tarn.Spec;
import dev.tarn.Tensor;
import dev.tarn.Trace;
import dev.tarn.Window2d;
import dev.tarn.ir.Node;
import dev.tarn.ir.Program;
import dev.tarn.transform.FuseElementwise;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;

class ImageLayoutsTests {
  private static final Window2d SAME = Window2d.UNIT.padding(1, 1, 1, 1);

  /** Two convolutions with what may stand between them, and a flattened end. */
  private static Program program(int channels) {
    Trace trace = new Trace();
    Tensor x = trace.input("x", Spec.f32(2, 3, 8, 8));
    Tensor first = trace.input("first", Spec.f32(channels, 3, 3, 3));
    Tensor second = trace.input("second", Spec.f32(8, channels, 3, 3));
    Tensor h = x.conv2d(first, SAME).maxPool2d(2).pad(new int[4], new int[4], 0);
    Tensor flat = h.conv2d(second, SAME).reshape(2, 128);
    trace.output("y", flat.softmax());
    return trace.build("step");
  }

  private static Map<String, Boolean> last(Program program, Predicate<Node> onTensorCores) {
    ImageLayouts layouts = new ImageLayouts(program, onTensorCores);
    Map<String, Boolean> last = new TreeMap<>();
    program
        .body()
        .forEach(node -> last.merge(node.op().name(), layouts.isLast(node), Boolean::logicalAnd));
    return last;
  }

  @Test
  void imagesFromTensorCoresKeepTheirChannelsLast() {
    Map<String, Boolean> last = last(program(16), node -> true);
    assertTrue(last.get("conv2d"));
    assertTrue(last.get("max_pool2d"));
    assertFalse(last.get("reshape"));
    assertFalse(last.get("softmax"));
  }

  @Test
  void otherImagesArePlain() {
    assertFalse(last(program(16), node -> false).containsValue(true));
    assertFalse(last(program(12), node -> true).get("max_pool2d"), "12 channels fill no access");
  }

  /** No kernel reorders integers. */
  @Test
  void whatReadsImagesOfIntegersIsPlain() {
    Trace trace = new Trace();
    Tensor x = trace.input("x", Spec.f32(2, 8, 6, 6));
    Tensor y = x.conv2d(trace.input("w", Spec.f32(8, 8, 3, 3)), SAME);
    Tensor number = trace.input("number", Spec.i32());
    Tensor image = trace.input("image", Spec.i32(2, 8, 6, 6));
    Tensor zero = trace.constant(HostTensor.scalar(0));
    trace.output("a", number.equal(zero).select(y, x).exp());
    trace.output("b", image.equal(zero).select(y, x).tanh());
    Program program = trace.build("step");
    ImageLayouts layouts =
        new ImageLayouts(FuseElementwise.apply(program, true, node -> false), node -> true);
    assertTrue(layouts.isLast(program.outputs().get(0).value()));
    assertFalse(layouts.isLast(program.outputs().get(1).value()));
  }

  @Test
  void aPropertyTurnsItOff() {
    System.setProperty("tarn.layout", "false");
    try {
      assertFalse(last(program(16), node -> true).containsValue(true));
    } finally {
      System.clearProperty("tarn.layout");
    }
  }
}
