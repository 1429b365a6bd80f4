package dev.tarn.benchmarks.dl4j;

import dev.tarn.benchmarks.engine.Engine;
import dev.tarn.benchmarks.engine.Server;
import dev.tarn.benchmarks.engine.Workload;
import java.io.IOException;
import java.util.Random;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;

/** Deeplearning4j on the CPU. Its SGD with momentum is Nesterov's. */
final class Dl4jEngine implements Engine {
  private final ComputationGraph net;
  private final DataSet data;

  private Dl4jEngine(Workload workload) {
    net = new ComputationGraph(Nets.of(workload));
    net.init();
    INDArray features = Nd4j.randn(workload.features());
    INDArray labels = Nd4j.zeros(workload.batch(), Workload.CLASSES);
    Random random = new Random(1);
    for (int i = 0; i < workload.batch(); i++) {
      labels.putScalar(i, random.nextInt(Workload.CLASSES), 1);
    }
    data = new DataSet(features, labels);
  }

  @Override
  public String description() {
    return "Deeplearning4j on " + Nd4j.getBackend().getClass().getSimpleName();
  }

  /** Without running statistics, which count as parameters there. */
  @Override
  public long parameters() {
    return net.paramTable().entrySet().stream()
        .filter(entry -> !entry.getKey().matches(".*_(mean|var|log10stdev)"))
        .mapToLong(entry -> entry.getValue().length())
        .sum();
  }

  @Override
  public void step() {
    net.fit(data);
  }

  @Override
  public double loss() {
    return net.score();
  }

  @Override
  public void close() {
    net.close();
  }

  /** Runs the engine. */
  public static void main(String... arguments) throws IOException {
    Server.serve(arguments, Dl4jEngine::new);
  }
}
