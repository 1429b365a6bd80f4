package dev.tarn.report;

import dev.tarn.ir.Program;
import java.util.List;

/**
 * What a program computes, as boxes and edges.
 *
 * @param boxes in order of execution
 * @param edges between boxes, by their positions in the list
 * @param level what a box stands for
 */
public record ModelGraph(List<Box> boxes, List<Edge> edges, Level level) {
  /** What a box stands for. */
  public enum Level {
    /** All operations of a layer, or of a source line, in one box per phase. */
    LAYERS,
    /** One operation. */
    NODES
  }

  /** The part of a training step that an operation belongs to. */
  public enum Phase {
    /** Data that every run is given. */
    INPUT,
    /** What an output of the program, such as the loss, depends on. */
    FORWARD,
    /** What gradients depend on, and no output does. */
    BACKWARD,
    /** Sums of metrics, checks, updates. */
    OTHER
  }

  /**
   * A box.
   *
   * @param phase the part of a step it belongs to
   * @param layer the layer it belongs to; boxes of one layer stand side by side
   * @param title its name
   * @param lines what else is said of it
   */
  public record Box(Phase phase, String layer, String title, List<String> lines) {
    /** Copies the list. */
    public Box {
      lines = List.copyOf(lines);
    }
  }

  /**
   * Values that go from a box to another.
   *
   * @param from the box that computes them
   * @param to the box that reads them
   * @param label their shapes
   * @param kept whether they are kept from the forward phase for the backward one
   */
  public record Edge(int from, int to, String label, boolean kept) {}

  /** Copies the lists. */
  public ModelGraph {
    boxes = List.copyOf(boxes);
    edges = List.copyOf(edges);
  }

  /**
   * The graph of a program.
   *
   * <p>Constants and states are named in the boxes that read them. At the level of layers, sums of
   * metrics, checks and updates are left out.
   *
   * @param program for instance the first of {@link dev.tarn.train.TrainStep#programs}
   */
  public static ModelGraph of(Program program, Level level) {
    return level == Level.NODES
        ? NodeGraph.of(program, Phases.of(program))
        : LayerGraph.of(program, Phases.of(program));
  }

  /** The number of boxes of a phase. */
  long count(Phase phase) {
    return boxes.stream().filter(box -> box.phase() == phase).count();
  }

  /** What is to be seen, in words. */
  String description() {
    return String.format(
        "Graph of the model: %d inputs, %d boxes forward, %d backward, %d others",
        count(Phase.INPUT), count(Phase.FORWARD), count(Phase.BACKWARD), count(Phase.OTHER));
  }
}
