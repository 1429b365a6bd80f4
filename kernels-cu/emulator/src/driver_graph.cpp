// Graphs: the operations that a capture recorded, in the order in which they were submitted.
#include "driver.h"
#include "launch.h"

namespace tarn {

std::unique_ptr<Graph> end_capture(Stream *stream, int *error);
int kernel_operation(Function *function, const dim3 &grid, const dim3 &block, size_t shared,
                     void **parameters, std::function<int()> *operation);

namespace {

// Of its own once instantiated: what happens to the graph afterwards does not change it.
struct Executable {
  std::vector<GraphNode> nodes;
};

Handles<Graph> &graphs() {
  static auto *all = new Handles<Graph>;
  return *all;
}
Handles<Executable> &executables() {
  static auto *all = new Handles<Executable>;
  return *all;
}

thread_local bool in_replay = false;

int replay(const Executable &executable) {
  in_replay = true;
  int result = SUCCESS;
  for (const GraphNode &node : executable.nodes) {
    if ((result = node.run()) != SUCCESS) break;
  }
  in_replay = false;
  return result;
}

}  // namespace

void Graph::add(NodeKind kind, std::function<int()> run) {
  nodes.push_back(std::make_shared<GraphNode>(GraphNode{kind, nodes.size(), std::move(run)}));
}

bool replaying() { return in_replay; }

}  // namespace tarn

using namespace tarn;

DRIVER_API cuStreamEndCapture(void *handle, void **graph) {
  ENTER_CONTEXT();
  Stream *stream = find_stream(handle);
  *graph = nullptr;
  if (!stream) return INVALID_HANDLE;
  if (!stream->capture) return ILLEGAL_STATE;
  if (!stream->origin) return STREAM_CAPTURE_UNMATCHED;
  constexpr int RELAXED = 2;
  if (stream->capture->mode != RELAXED && stream->capture->thread != std::this_thread::get_id()) {
    return STREAM_CAPTURE_WRONG_THREAD;
  }
  int error;
  auto captured = end_capture(stream, &error);
  if (!error) *graph = graphs().add(std::move(captured));
  return error;
}

DRIVER_API cuGraphCreate(void **graph, unsigned) {
  ENTER_CONTEXT();
  *graph = graphs().add(std::make_unique<Graph>());
  return SUCCESS;
}

DRIVER_API cuGraphDestroy(void *graph) {
  ENTER();
  return graphs().take(graph) ? SUCCESS : INVALID_VALUE;
}

DRIVER_API cuGraphGetNodes(void *handle, void **nodes, size_t *count) {
  ENTER_CONTEXT();
  Graph *graph = graphs().find(handle);
  if (!graph || !count) return INVALID_VALUE;
  if (nodes) {
    for (size_t i = 0; i < *count; i++) {
      nodes[i] = i < graph->nodes.size() ? graph->nodes[i].get() : nullptr;
    }
    *count = std::min(*count, graph->nodes.size());
  } else {
    *count = graph->nodes.size();
  }
  return SUCCESS;
}

DRIVER_API cuGraphNodeGetType(void *node, int *type) {
  ENTER_CONTEXT();
  NodeKind kind = static_cast<GraphNode *>(node)->kind;
  *type = kind == NODE_GEMM ? NODE_KERNEL : kind;
  return SUCCESS;
}

DRIVER_API cuGraphInstantiateWithFlags(void **executable, void *handle, unsigned long long) {
  ENTER_CONTEXT();
  Graph *graph = graphs().find(handle);
  if (!graph) return INVALID_VALUE;
  auto created = std::make_unique<Executable>();
  for (auto &node : graph->nodes) created->nodes.push_back(*node);
  *executable = executables().add(std::move(created));
  return SUCCESS;
}

DRIVER_API cuGraphExecDestroy(void *executable) {
  ENTER();
  return executables().take(executable) ? SUCCESS : INVALID_VALUE;
}

DRIVER_API cuGraphUpload(void *executable, void *stream) {
  ENTER_CONTEXT();
  if (!executables().find(executable)) return INVALID_VALUE;
  return check_submit(find_stream(stream));
}

DRIVER_API cuGraphLaunch(void *handle, void *stream) {
  ENTER_CONTEXT();
  Executable *executable = executables().find(handle);
  if (!executable) return INVALID_VALUE;
  Stream *s = find_stream(stream);
  if (int error = check_submit(s)) return error;
  if (s->capture) {
    for (const GraphNode &node : executable->nodes) s->capture->graph->add(node.kind, node.run);
    return SUCCESS;
  }
  count(GRAPH_LAUNCHES);
  return finish(replay(*executable));
}

// cuda.h, CUDA_KERNEL_NODE_PARAMS_v2.
struct KernelNodeParams {
  void *function;
  unsigned grid_x, grid_y, grid_z, block_x, block_y, block_z, shared;
  void **parameters;
  void **extra;
  void *kernel;
  void *context;
};

DRIVER_API cuGraphExecKernelNodeSetParams_v2(void *handle, void *node,
                                             const KernelNodeParams *params) {
  ENTER_CONTEXT();
  Executable *executable = executables().find(handle);
  auto *graph_node = static_cast<GraphNode *>(node);
  if (!executable || !graph_node || graph_node->index >= executable->nodes.size()) {
    return INVALID_VALUE;
  }
  GraphNode &target = executable->nodes[graph_node->index];
  Function *function = find_function(params->function);
  if (target.kind != NODE_KERNEL || !function || params->extra) return INVALID_VALUE;
  return kernel_operation(function, {params->grid_x, params->grid_y, params->grid_z},
                          {params->block_x, params->block_y, params->block_z}, params->shared,
                          params->parameters, &target.run);
}
