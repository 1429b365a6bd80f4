package dev.tarn.report;

import java.util.List;
import java.util.Locale;

/** Graphs as text in the language of Graphviz. */
final class Dot {
  private Dot() {}

  /** A graph with a cluster per phase. */
  static String of(ModelGraph graph) {
    StringBuilder out = new StringBuilder("digraph model {\n");
    out.append("  node [shape=box, style=\"rounded,filled\", fontname=\"sans-serif\"];\n");
    out.append("  edge [fontname=\"sans-serif\", fontsize=10];\n");
    for (ModelGraph.Phase phase : ModelGraph.Phase.values()) {
      if (graph.count(phase) == 0) {
        continue;
      }
      String name = phase.name().toLowerCase(Locale.ROOT);
      out.append("  subgraph cluster_").append(name).append(" {\n    label=\"").append(name);
      out.append("\";\n");
      for (int i = 0; i < graph.boxes().size(); i++) {
        ModelGraph.Box box = graph.boxes().get(i);
        if (box.phase() == phase) {
          out.append("    n").append(i).append(" [label=\"").append(label(box));
          out.append("\", fillcolor=\"").append(fill(phase)).append("\"];\n");
        }
      }
      out.append("  }\n");
    }
    List<ModelGraph.Edge> edges = graph.edges();
    for (ModelGraph.Edge edge : edges) {
      out.append("  n").append(edge.from()).append(" -> n").append(edge.to());
      out.append(" [label=\"").append(escape(edge.label())).append('"');
      out.append(edge.kept() ? ", style=dashed, constraint=false];\n" : "];\n");
    }
    return out.append("}\n").toString();
  }

  private static String label(ModelGraph.Box box) {
    StringBuilder label = new StringBuilder(escape(box.title()));
    box.lines().forEach(line -> label.append("\\n").append(escape(line)));
    return label.toString();
  }

  private static String fill(ModelGraph.Phase phase) {
    return switch (phase) {
      case INPUT -> "#d6efe7";
      case FORWARD -> "#d6e6f2";
      case BACKWARD -> "#f8e3d4";
      case OTHER -> "#f1dfeb";
    };
  }

  private static String escape(String text) {
    return text.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n");
  }
}
