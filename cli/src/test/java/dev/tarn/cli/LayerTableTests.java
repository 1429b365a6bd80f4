package dev.tarn.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.tarn.Mode;
import dev.tarn.Parameter;
import dev.tarn.Shape;
import dev.tarn.Spec;
import dev.tarn.Tensor;
import dev.tarn.cli.LayerTable.Row;
import dev.tarn.config.RunConfig;
import dev.tarn.loss.Losses;
import dev.tarn.nn.Conv2d;
import dev.tarn.nn.Dense;
import dev.tarn.nn.Module;
import dev.tarn.nn.MultiModule;
import dev.tarn.nn.Sequential;
import dev.tarn.optim.Sgd;
import dev.tarn.optim.Updates;
import dev.tarn.reference.ReferenceBackend;
import dev.tarn.train.Term;
import dev.tarn.train.TrainStep;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Shapes, parameters, FLOPs and fields, against what is worked out by hand. */
final class LayerTableTests {
  private static final String BLOCKS =
      """
      data: {set: digits, shape: [1, 8, 8]}
      model:
        - conv2d: {filters: 8, kernel: 3, padding: same}
        - residual:
            layers:
              - conv2d: {filters: 16, kernel: 3, stride: 2, padding: same}
              - relu
              - conv2d: {filters: 16, kernel: 3, padding: same}
            shortcut:
              - conv2d: {filters: 16, kernel: 1, stride: 2}
        - parallel:
            branches:
              - - conv2d: {filters: 8, kernel: 1}
              - - conv2d: {filters: 8, kernel: 5, padding: same}
        - flatten
        - {dense: 256, name: again}
        - shared: again
        - dense: 10
      train: {optimizer: {sgd: {lr: 0.1}}, epochs: 1, batch: 4}
      """;

  private static Row row(List<Row> rows, String name) {
    return rows.stream().filter(row -> row.name().equals(name)).findFirst().orElseThrow();
  }

  @Test
  void blocksOfARunFile() {
    RunConfig config = RunConfig.parse(BLOCKS, "blocks.yaml", Path.of(""), List.of());
    Sequential model = config.model();
    List<Spec> features = List.of(Spec.f32(1, 8, 8));
    LayerTable table = LayerTable.of(model, features);
    Row residual = row(table.rows(), "residual1");
    assertEquals(Shape.of(16, 4, 4), residual.output());
    // 16 x 4 x 4 elements: two convolutions with their biases, the relu, the shortcut, the sum.
    int first = 256 * (2 * 8 * 9 + 1);
    int second = 256 * (2 * 16 * 9 + 1);
    int shortcut = 256 * (2 * 8 + 1);
    assertEquals(first + 256 + second + shortcut + 256, residual.flops());
    assertEquals(16 * (8 * 9 + 1) + 16 * (16 * 9 + 1) + 16 * (8 + 1), residual.parameters());
    // 3 of the first layer, 2 more of the stride's layer, 2 x 2 of the one after it.
    assertEquals("9x9", residual.field().toString());
    assertEquals("3x3", row(table.rows(), "shortcut").field().toString());
    // The branch that sees more: 4 x 2 more.
    Row parallel = row(table.rows(), "parallel1");
    assertEquals("17x17", parallel.field().toString());
    assertEquals(256 / 2 * (2 * 16 + 1) + 256 / 2 * (2L * 16 * 25 + 1), parallel.flops());
    List<Row> twice = table.rows().stream().filter(row -> row.name().equals("again")).toList();
    assertEquals(List.of(false, true), twice.stream().map(Row::shared).toList());
    long whole = table.rows().stream().filter(r -> r.depth() == 0).mapToLong(Row::flops).sum();
    assertEquals(whole, table.flops());
    try (ReferenceBackend backend = new ReferenceBackend();
        TrainStep step =
            new TrainStep(
                backend,
                model,
                List.of(Term.of(0, Losses.crossEntropy())),
                Updates.of(Sgd.lr(1)),
                List.of(),
                features,
                0)) {
      long compiled =
          step.parameterStates().stream()
              .filter(Parameter.class::isInstance)
              .mapToLong(state -> step.read(state).size())
              .sum();
      long rows =
          table.rows().stream()
              .filter(row -> row.depth() == 0 && !row.shared())
              .mapToLong(Row::parameters)
              .sum();
      assertEquals(compiled, rows);
    }
  }

  /** An image and three numbers to ten classes and one number. */
  private static final class TwoInputs extends MultiModule {
    private final Block block = child("block", new Block());
    private final Dense classes = child("classes", Dense.units(10));
    private final Dense value = child("value", Dense.units(1));

    @Override
    public List<Tensor> forward(List<Tensor> inputs, Mode mode) {
      needInputs(inputs, 2);
      Tensor image = block.forward(inputs.get(0), mode).flatten();
      Tensor both = Tensor.concat(1, List.of(image, inputs.get(1)));
      return List.of(classes.forward(both, mode), value.forward(both, mode));
    }
  }

  /** A class that the user's other class calls, so that nobody records its output. */
  private static final class Block extends Module {
    private final Conv2d conv = child("conv", Conv2d.filters(4).kernel(3).same());

    @Override
    public Tensor forward(Tensor x, Mode mode) {
      return conv.forward(x, mode).tanh();
    }
  }

  @Test
  void classesOfSeveralInputsAndOutputs() {
    LayerTable table = LayerTable.of(new TwoInputs(), List.of(Spec.f32(1, 8, 8), Spec.f32(3)));
    assertEquals(
        List.of("0 block ", "1 conv [4,8,8]", "0 classes [10]", "0 value [1]"),
        table.rows().stream().map(r -> r.depth() + " " + r.name() + " " + r.outputs()).toList());
    assertEquals("3x3", row(table.rows(), "conv").field().toString());
    assertEquals("", row(table.rows(), "classes").field().toString());
    assertEquals(4 * 10, row(table.rows(), "block").parameters());
    long conv = 256 * (2 * 9 + 1);
    assertEquals(conv, row(table.rows(), "conv").flops());
    assertEquals(conv + 256 + 10 * (2 * 259 + 1) + 2 * 259 + 1, table.flops());
  }
}
