package dev.tarn.cuda;

import dev.tarn.HostTensor;
import dev.tarn.Precision;
import dev.tarn.TarnException;
import dev.tarn.backend.Buffer;
import dev.tarn.backend.Debug;
import dev.tarn.backend.Executable;
import dev.tarn.backend.Inputs;
import dev.tarn.backend.StepTime;
import dev.tarn.cuda.driver.Command;
import dev.tarn.cuda.driver.CudaException;
import dev.tarn.cuda.driver.Stream;
import dev.tarn.ir.Program;
import dev.tarn.ir.Value;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A step on the device: inputs are staged, then everything else is one graph launch. */
final class CudaExecutable implements Executable {
  private static final Logger LOG = LoggerFactory.getLogger(CudaExecutable.class);

  /** The run that debug level 2 measures: the first warms up. */
  private static final int MEASURED_RUN = 2;

  private final CudaBackend backend;
  private final List<Program> programs;
  private final CudaStateStore store;
  private final List<Program.Input> inputs;
  private final List<Value> outputs;
  private final Precision precision;
  private final DevicePlan plan;
  private final Staging staging;
  private final GraphCapture capture;
  private @Nullable NodeByNode byNode;
  private int runs;

  private CudaExecutable(
      CudaBackend backend,
      List<Program> programs,
      CudaStateStore store,
      Precision precision,
      DevicePlan plan,
      Staging staging) {
    this.backend = backend;
    this.programs = List.copyOf(programs);
    this.store = store;
    this.precision = precision;
    this.inputs = plan.schedule().inputs();
    this.outputs =
        programs.stream()
            .flatMap(program -> program.outputs().stream())
            .map(Program.Output::value)
            .toList();
    this.plan = plan;
    this.staging = staging;
    this.capture =
        new GraphCapture(
            backend.stream(),
            IntStream.range(0, staging.count())
                .mapToObj(variant -> (Runnable) () -> enqueue(variant))
                .toList());
  }

  /** Lowers, plans and allocates; the memory it will use goes to the log. */
  static CudaExecutable compile(
      CudaBackend backend, List<Program> programs, CudaStateStore store, Precision precision) {
    Inputs.of(programs);
    DevicePlan plan = new DevicePlan(backend, programs, store, precision, false);
    try {
      long arena = plan.binding().arena();
      Staging staging = new Staging(backend.context(), plan.schedule(), arena);
      logMemory(backend, programs, store, plan, staging);
      return new CudaExecutable(backend, programs, store, precision, plan, staging);
    } catch (CudaException e) {
      plan.close();
      throw Failures.of("cannot stage inputs", e);
    }
  }

  private static void logMemory(
      CudaBackend backend,
      List<Program> programs,
      CudaStateStore store,
      DevicePlan plan,
      Staging staging) {
    if (LOG.isInfoEnabled()) {
      LOG.info(
          "memory of {}: states {}, values {}, cuBLAS {}, pinned host memory {}; {} of"
              + " {} are free",
          programs.stream().map(Program::name).toList(),
          Bytes.text(store.bytes()),
          Bytes.text(plan.schedule().bytes()),
          Bytes.text(backend.cublasBytes()),
          Bytes.text(staging.bytes()),
          Bytes.text(backend.context().freeMemory()),
          Bytes.text(backend.context().device().totalMemory()));
    }
  }

  @Override
  public List<Program.Input> inputs() {
    return inputs;
  }

  @Override
  public void run(HostTensor... given) {
    Inputs.check(inputs, false, given);
    try {
      backend.context().makeCurrent();
      int variant = staging.write(given);
      runs++;
      if (runs == MEASURED_RUN && Debug.level() >= 2) {
        staging.upload(variant, backend.stream());
        Debug.print(2, "", NodeTimes.measure(plan, backend.context(), backend.stream()));
      } else {
        capture.run(variant);
      }
      staging.mark(variant, backend.stream());
    } catch (CudaException e) {
      throw failure(e);
    }
  }

  @Override
  public List<StepTime> time(HostTensor... given) {
    Inputs.check(inputs, false, given);
    try {
      backend.context().makeCurrent();
      int variant = staging.write(given);
      staging.upload(variant, backend.stream());
      List<StepTime> times = NodeTimes.times(plan, backend.context(), backend.stream());
      staging.mark(variant, backend.stream());
      return times;
    } catch (CudaException e) {
      throw failure(e);
    }
  }

  private void enqueue(int variant) {
    Stream stream = backend.stream();
    staging.upload(variant, stream);
    List<Command> commands = plan.commands();
    for (int i = 0; i < commands.size(); i++) {
      commands.get(i).enqueue(stream);
    }
  }

  @Override
  public List<HostTensor> read() {
    try {
      backend.context().makeCurrent();
      backend.stream().synchronize();
      List<HostTensor> results = new ArrayList<>();
      List<Buffer> buffers = plan.schedule().outputBuffers();
      for (int i = 0; i < outputs.size(); i++) {
        HostTensor result = HostTensor.zeros(outputs.get(i).spec());
        backend.transfers().toHost(result, plan.binding().address(buffers.get(i)));
        results.add(result);
      }
      return results;
    } catch (CudaException e) {
      throw failure(e);
    }
  }

  @Override
  public long bytes() {
    return plan.schedule().bytes();
  }

  @Override
  public void visit(NodeVisitor visitor, HostTensor... given) {
    Inputs.check(inputs, false, given);
    try {
      backend.context().makeCurrent();
      if (byNode == null) {
        byNode = new NodeByNode(backend, programs, store, precision);
      }
      byNode.visit(visitor, given);
    } catch (CudaException e) {
      throw failure(e);
    }
  }

  private TarnException failure(CudaException e) {
    return Failures.of("the step " + programs.stream().map(Program::name).toList() + " failed", e);
  }

  @Override
  public void close() {
    capture.close();
    if (byNode != null) {
      byNode.close();
    }
    staging.close();
    plan.close();
  }
}
