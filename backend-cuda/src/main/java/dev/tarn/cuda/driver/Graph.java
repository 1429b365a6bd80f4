package dev.tarn.cuda.driver;

import jcuda.driver.CUgraph;
import jcuda.driver.CUgraphExec;
import jcuda.driver.JCudaDriver;

/** Recorded work of a stream, launched as a whole; see {@link Stream#capture}. */
public final class Graph implements Command, AutoCloseable {
  private final CudaContext context;
  private final CUgraphExec executable = new CUgraphExec();
  private final long nodes;
  private boolean closed;

  private Graph(CudaContext context, long nodes) {
    this.context = context;
    this.nodes = nodes;
  }

  static Graph instantiate(CudaContext context, CUgraph recorded) {
    try {
      long[] count = new long[1];
      Status.check(JCudaDriver.cuGraphGetNodes(recorded, null, count), "cuGraphGetNodes");
      Graph graph = new Graph(context, count[0]);
      Status.check(
          JCudaDriver.cuGraphInstantiate(graph.executable, recorded, 0), "cuGraphInstantiate");
      return graph;
    } finally {
      Status.release(JCudaDriver.cuGraphDestroy(recorded), "cuGraphDestroy");
    }
  }

  /** Returns the number of kernels, copies and fills that were recorded. */
  public long nodes() {
    return nodes;
  }

  /** Launches the recorded work on a stream and returns at once. */
  @Override
  public void enqueue(Stream stream) {
    Status.check(JCudaDriver.cuGraphLaunch(executable, stream.handle()), "cuGraphLaunch");
  }

  /** Frees the graph; never throws. */
  @Override
  public void close() {
    if (!closed && context.enterToClose()) {
      Status.release(JCudaDriver.cuGraphExecDestroy(executable), "cuGraphExecDestroy");
    }
    closed = true;
  }
}
