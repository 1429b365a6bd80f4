package dev.tarn.report;

import dev.tarn.ir.Program;
import dev.tarn.train.Evaluation;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a report tells; what is not given is left out of it.
 *
 * @param name of the run
 * @param history the epochs
 * @param test loss and metrics over the test data, or null
 * @param learningRate the learning rate over the steps, or null: then that of the epochs is shown,
 *     if it is known
 * @param groups the learning rate at the start of each group of parameters that has its own, by the
 *     group's name: 0 for frozen ones, NaN if its optimizer has none
 * @param finder the loss over growing learning rates, or null
 * @param suggested the learning rate that the finder suggests, or NaN
 * @param confusion the confusion matrix, or null
 * @param confusionOf what data the confusion matrix and the mistakes are of, such as {@code test
 *     data}
 * @param mistakes the worst mistakes, the worst first
 * @param findings the diagnosis
 * @param layers the table of layers
 * @param program what a training step computes, forward and backward, or null
 * @param configuration the run file with all defaults, or empty
 * @param environment facts by name, such as device, versions, seed and host
 */
public record ReportData(
    String name,
    History history,
    @Nullable Evaluation test,
    @Nullable Curve learningRate,
    Map<String, Double> groups,
    @Nullable Curve finder,
    double suggested,
    @Nullable ConfusionMatrix confusion,
    String confusionOf,
    List<Mistake> mistakes,
    List<Finding> findings,
    List<LayerRow> layers,
    @Nullable Program program,
    String configuration,
    Map<String, String> environment) {
  /** Copies the collections, keeping their order. */
  public ReportData {
    mistakes = List.copyOf(mistakes);
    findings = List.copyOf(findings);
    layers = List.copyOf(layers);
    groups = Collections.unmodifiableMap(new LinkedHashMap<>(groups));
    environment = Collections.unmodifiableMap(new LinkedHashMap<>(environment));
  }

  /** Begins a report's data. */
  public static Builder of(String name, History history) {
    return new Builder(name, history);
  }

  /** Collects what a report tells. */
  public static final class Builder {
    private final String name;
    private final History history;
    private @Nullable Evaluation test;
    private @Nullable Curve learningRate;
    private Map<String, Double> groups = Map.of();
    private @Nullable Curve finder;
    private double suggested = Double.NaN;
    private @Nullable ConfusionMatrix confusion;
    private String confusionOf = "";
    private List<Mistake> mistakes = List.of();
    private List<Finding> findings = List.of();
    private List<LayerRow> layers = List.of();
    private @Nullable Program program;
    private String configuration = "";
    private Map<String, String> environment = Map.of();

    private Builder(String name, History history) {
      this.name = name;
      this.history = history;
    }

    /** Sets loss and metrics over the test data. */
    public Builder test(Evaluation evaluation) {
      test = evaluation;
      return this;
    }

    /** Sets the learning rate over the steps. */
    public Builder learningRate(Curve bySteps) {
      learningRate = bySteps;
      return this;
    }

    /**
     * Sets which groups of parameters have a learning rate of their own.
     *
     * @param rates those at the start: 0 for frozen ones, NaN if an optimizer has none
     */
    public Builder groups(Map<String, Double> rates) {
      groups = rates;
      return this;
    }

    /**
     * Sets what the learning rate finder saw.
     *
     * @param losses x is the learning rate
     * @param suggestion the learning rate to be marked, or NaN
     */
    public Builder finder(Curve losses, double suggestion) {
      finder = losses;
      suggested = suggestion;
      return this;
    }

    /**
     * Sets the confusion matrix.
     *
     * @param of what data it is of, such as {@code test data}
     */
    public Builder confusion(ConfusionMatrix matrix, String of) {
      confusion = matrix;
      confusionOf = of;
      return this;
    }

    /** Sets the worst mistakes, the worst first. */
    public Builder mistakes(List<Mistake> worst) {
      mistakes = worst;
      return this;
    }

    /** Sets the diagnosis. */
    public Builder findings(List<Finding> diagnosis) {
      findings = diagnosis;
      return this;
    }

    /** Sets the table of layers. */
    public Builder layers(List<LayerRow> rows) {
      layers = rows;
      return this;
    }

    /** Sets what a training step computes, for the graph. */
    public Builder program(Program step) {
      program = step;
      return this;
    }

    /** Sets the text of the run file. */
    public Builder configuration(String text) {
      configuration = text;
      return this;
    }

    /** Sets facts about device, versions, seed and host. */
    public Builder environment(Map<String, String> facts) {
      environment = facts;
      return this;
    }

    /** The data. */
    public ReportData build() {
      return new ReportData(
          name,
          history,
          test,
          learningRate,
          groups,
          finder,
          suggested,
          confusion,
          confusionOf,
          mistakes,
          findings,
          layers,
          program,
          configuration,
          environment);
    }
  }
}
