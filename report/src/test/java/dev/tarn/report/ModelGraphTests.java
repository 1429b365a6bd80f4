package dev.tarn.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tarn.HostTensor;
import dev.tarn.Mode;
import dev.tarn.Parameter;
import dev.tarn.Spec;
import dev.tarn.State;
import dev.tarn.Tensor;
import dev.tarn.Trace;
import dev.tarn.ir.Constant;
import dev.tarn.ir.Origin;
import dev.tarn.ir.Program;
import dev.tarn.nn.Dense;
import dev.tarn.nn.Sequential;
import dev.tarn.report.ModelGraph.Level;
import dev.tarn.report.ModelGraph.Phase;
import dev.tarn.transform.Gradient;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class ModelGraphTests {
  @Test
  void layersStandForwardAndBackward() {
    ModelGraph graph = ModelGraph.of(Samples.program(), Level.LAYERS);
    assertEquals(
        List.of("conv2d1", "relu1", "flatten1", "dense1", "loss"), titles(graph, Phase.FORWARD));
    assertEquals(
        List.of("loss", "dense1", "flatten1", "relu1", "conv2d1"), titles(graph, Phase.BACKWARD));
    assertEquals(List.of("features", "target"), titles(graph, Phase.INPUT));
    assertEquals(0, graph.count(Phase.OTHER));
    assertTrue(box(graph, Phase.FORWARD, "conv2d1").lines().contains("40 parameters"));
    assertTrue(
        box(graph, Phase.BACKWARD, "dense1").lines().contains("gradients: bias, weight"),
        graph.toString());
    assertEquals("[32,4,8,8]", edge(graph, Phase.FORWARD, "conv2d1", Phase.FORWARD, "relu1"));
    assertEquals("[32,256]", edge(graph, Phase.BACKWARD, "dense1", Phase.BACKWARD, "flatten1"));
    assertEquals("", edge(graph, Phase.FORWARD, "conv2d1", Phase.BACKWARD, "conv2d1"));
  }

  @Test
  void everyOperationHasABox() {
    Program program = Samples.program();
    ModelGraph graph = ModelGraph.of(program, Level.NODES);
    long operations =
        program.body().stream().filter(node -> !(node.op() instanceof Constant)).count();
    assertEquals(operations + program.inputs().size(), graph.boxes().size());
    assertTrue(graph.count(Phase.OTHER) > 0);
    for (ModelGraph.Edge edge : graph.edges()) {
      assertTrue(edge.from() < edge.to(), edge.toString());
    }
  }

  /** Models written in Java have source lines that many layers share. */
  @Test
  void aLineWithSeveralLayersIsSplitByTheirParameters() {
    Sequential model = Sequential.of(Dense.units(8), Dense.units(4));
    Trace trace = new Trace();
    Tensor x = trace.input("features", Spec.f32(2, 5));
    Tensor y =
        trace.at(
            new Origin("Net.java:7"),
            () -> {
              Tensor hidden = model.modules().get(0).forward(x, Mode.EVAL).relu();
              return model.modules().get(1).forward(hidden, Mode.EVAL).tanh();
            });
    trace.output("prediction", y);
    ModelGraph graph = ModelGraph.of(trace.build("predict"), Level.LAYERS);
    assertEquals(List.of("0", "1"), titles(graph, Phase.FORWARD));
    assertEquals(
        List.of("matmul \u00b7 add \u00b7 relu", "48 parameters"),
        box(graph, Phase.FORWARD, "0").lines());
    assertEquals("[2,8]", edge(graph, Phase.FORWARD, "0", Phase.FORWARD, "1"));
  }

  @Test
  void aLineInALoopIsALayerEachTime() {
    Trace trace = new Trace();
    Tensor x = trace.input("features", Spec.f32(4, 3));
    List<Parameter> weights = new ArrayList<>();
    List<Tensor> read = new ArrayList<>();
    for (String name : List.of("a.weight", "b.weight")) {
      Spec spec = Spec.f32(3, 3);
      Parameter weight = new Parameter(() -> name, spec, seed -> HostTensor.zeros(spec), true);
      weights.add(weight);
      read.add(trace.state(weight));
      Tensor in = x;
      Tensor product =
          trace.at(new Origin("Net.java:1"), () -> in.matmul(trace.state(weight), false, false));
      x = trace.at(new Origin("Net.java:2"), product::relu);
    }
    Tensor out = x;
    Tensor loss = trace.at(new Origin("Net.java:3"), out::sum);
    trace.output("loss", loss);
    List<Tensor> gradients = Gradient.of(loss, read);
    for (int i = 0; i < weights.size(); i++) {
      String name = "gradient." + weights.get(i).name();
      trace.update(State.zeros(name, weights.get(i).spec()), gradients.get(i));
    }
    ModelGraph graph = ModelGraph.of(trace.build("gradients"), Level.LAYERS);
    assertEquals(List.of("a", "relu", "b", "relu", "reduce_sum"), titles(graph, Phase.FORWARD));
    List<String> backward = titles(graph, Phase.BACKWARD);
    assertEquals(List.of("relu", "b", "relu", "a"), backward.subList(1, 5));
    List<String> passes =
        graph.boxes().stream()
            .filter(box -> box.title().equals("relu"))
            .map(ModelGraph.Box::layer)
            .toList();
    String second = "Net.java:2 pass 2";
    assertEquals(List.of("Net.java:2", second, second, "Net.java:2"), passes);
  }

  @Test
  void dotNamesEveryBoxAndEdge() {
    ModelGraph graph = ModelGraph.of(Samples.program(), Level.LAYERS);
    String dot = Pictures.dot(graph);
    assertEquals(graph.edges().size(), dot.split(" -> ", -1).length - 1);
    assertTrue(dot.contains("[label=\"conv2d1\\nconv2d \u00b7 add\\n40 parameters\""), dot);
    assertTrue(dot.contains("[label=\"[32,4,8,8]\"]"), dot);
    ModelGraph hostile =
        new ModelGraph(
            List.of(new ModelGraph.Box(Phase.INPUT, "", "a\"b\\", List.of())),
            List.of(),
            Level.NODES);
    assertTrue(Pictures.dot(hostile).contains("label=\"a\\\"b\\\\\""));
  }

  private static List<String> titles(ModelGraph graph, Phase phase) {
    return graph.boxes().stream()
        .filter(box -> box.phase() == phase)
        .map(ModelGraph.Box::title)
        .toList();
  }

  private static ModelGraph.Box box(ModelGraph graph, Phase phase, String title) {
    return graph.boxes().stream()
        .filter(box -> box.phase() == phase && box.title().equals(title))
        .findFirst()
        .orElseThrow();
  }

  private static String edge(ModelGraph graph, Phase a, String from, Phase b, String to) {
    int source = graph.boxes().indexOf(box(graph, a, from));
    int target = graph.boxes().indexOf(box(graph, b, to));
    return graph.edges().stream()
        .filter(edge -> edge.from() == source && edge.to() == target)
        .map(ModelGraph.Edge::label)
        .findFirst()
        .orElseThrow();
  }
}
